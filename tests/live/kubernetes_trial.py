"""What the live test of the sandbox's Kubernetes deploys: two pods under Pod Security `restricted`, and around them."""

import yaml

NAMESPACE = "sandbox-trial"
WEB = "web"
HEADLESS = "pods"
NODE_PORT = 30990

_SERVER = """\
import http.server, socket
class Name(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(socket.gethostname().encode())
http.server.ThreadingHTTPServer(("", 8080), Name).serve_forever()
"""


def manifests(image: str) -> str:
    """The YAML of everything; the pods run Python from `image` as user 10001."""
    return yaml.safe_dump_all([_namespace(), _claim(), _deployment(image), *_services(), _autoscaler()])


def _namespace() -> dict[str, object]:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


def _claim() -> dict[str, object]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": _meta("data"), "spec": spec}


def _deployment(image: str) -> dict[str, object]:
    container = {
        "name": WEB,
        "image": image,
        "command": ["python3", "-c", _SERVER],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    pod = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    }
    template = {"metadata": {"labels": {"app": WEB}}, "spec": pod}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": WEB}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _meta(WEB), "spec": spec}


def _services() -> list[dict[str, object]]:
    outer = {"name": "http", "port": 80, "targetPort": "http", "nodePort": NODE_PORT}
    specs = {
        WEB: {"type": "NodePort", "selector": {"app": WEB}, "ports": [outer]},
        HEADLESS: {"clusterIP": "None", "selector": {"app": WEB}, "ports": [{"port": 8080}]},
    }
    return [{"apiVersion": "v1", "kind": "Service", "metadata": _meta(name), "spec": specs[name]} for name in specs]


def _autoscaler() -> dict[str, object]:
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": WEB},
        "minReplicas": 2,
        "maxReplicas": 2,  # the test counts the pods
        "metrics": [{"type": "Resource", "resource": cpu}],
    }
    kind = "HorizontalPodAutoscaler"
    return {"apiVersion": "autoscaling/v2", "kind": kind, "metadata": _meta(WEB), "spec": spec}


def _meta(name: str) -> dict[str, str]:
    return {"name": name, "namespace": NAMESPACE}
