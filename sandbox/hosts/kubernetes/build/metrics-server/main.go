// Command metrics-server serves metrics.k8s.io for HPA and kubectl top. The upstream command is bound to an older
// generic API server; this one drives the same packages with the library of the cluster it is built for.
package main

import (
	"flag"
	"net"
	"os"
	"time"

	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/util/compatibility"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"sigs.k8s.io/metrics-server/pkg/api"
	"sigs.k8s.io/metrics-server/pkg/api/generated/openapi"
	"sigs.k8s.io/metrics-server/pkg/scraper/client"
	"sigs.k8s.io/metrics-server/pkg/server"
	"sigs.k8s.io/metrics-server/pkg/utils"

	corev1 "k8s.io/api/core/v1"
)

const scrapeTimeout = 5 * time.Second

// secured gives the generic server its certificate, its port and the cluster's own authentication and authorization.
func secured(kubeconfig, bind, certFile, keyFile string, port int) (*genericapiserver.Config, error) {
	serving := options.NewSecureServingOptions().WithLoopback()
	serving.BindAddress = net.ParseIP(bind)
	serving.BindPort = port
	serving.ServerCert.CertKey = options.CertKey{CertFile: certFile, KeyFile: keyFile}
	authn := options.NewDelegatingAuthenticationOptions()
	authn.RemoteKubeConfigFile = kubeconfig
	authz := options.NewDelegatingAuthorizationOptions().WithAlwaysAllowPaths("/livez", "/readyz")
	authz.RemoteKubeConfigFile = kubeconfig

	config := genericapiserver.NewConfig(api.Codecs)
	config.EffectiveVersion = compatibility.DefaultBuildEffectiveVersion()
	namer := openapinamer.NewDefinitionNamer(api.Scheme)
	config.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(openapi.GetOpenAPIDefinitions, namer)
	config.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(openapi.GetOpenAPIDefinitions, namer)
	config.OpenAPIConfig.Info.Title = "metrics-server"
	config.OpenAPIV3Config.Info.Title = "metrics-server"
	if err := serving.ApplyTo(&config.SecureServing, &config.LoopbackClientConfig); err != nil {
		return nil, err
	}
	if err := authn.ApplyTo(&config.Authentication, config.SecureServing, config.OpenAPIConfig); err != nil {
		return nil, err
	}
	return config, authz.ApplyTo(&config.Authorization)
}

func run(kubeconfig, bind, certFile, keyFile string, port int, resolution time.Duration) error {
	cluster, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config, err := secured(kubeconfig, bind, certFile, keyFile, port)
	if err != nil {
		return err
	}
	metrics, err := server.Config{
		Apiserver: config,
		Rest:      cluster,
		Kubelet: &client.KubeletClientConfig{
			Client:              *cluster, // one authority signs the API server and the kubelets
			AddressTypePriority: append([]corev1.NodeAddressType{corev1.NodeInternalIP}, utils.DefaultAddressTypePriority...),
			Scheme:              "https",
			DefaultPort:         10250,
		},
		MetricResolution: resolution,
		ScrapeTimeout:    scrapeTimeout,
	}.Complete()
	if err != nil {
		return err
	}
	return metrics.RunUntil(genericapiserver.SetupSignalHandler())
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "credentials for the API server and the kubelets")
	bind := flag.String("bind-address", "0.0.0.0", "address to serve on")
	port := flag.Int("secure-port", 4443, "port to serve on")
	certFile := flag.String("tls-cert-file", "", "serving certificate")
	keyFile := flag.String("tls-private-key-file", "", "its key")
	resolution := flag.Duration("metric-resolution", 15*time.Second, "how often the kubelets are read")
	flag.Parse()
	if err := run(*kubeconfig, *bind, *certFile, *keyFile, *port, *resolution); err != nil {
		klog.ErrorS(err, "metrics-server stopped")
		os.Exit(1)
	}
}
