// Command volumes provisions PersistentVolumes of the default StorageClass: one directory of the node for each claim.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v10/controller"
)

const provisionerName = "ha-platform/directory"

// directories makes a volume as a directory below root, which every node sees.
type directories struct {
	root string
}

// Provision makes the directory. It is a `local` volume, so that the kubelet applies the pod's fsGroup to it (a hostPath
// would keep its owner); mode 0777 lets pods without an fsGroup write as well.
func (d directories) Provision(_ context.Context, options controller.ProvisionOptions) (*corev1.PersistentVolume, controller.ProvisioningState, error) {
	if options.SelectedNode == nil {
		return nil, controller.ProvisioningFinished, fmt.Errorf("no node selected: the class must bind WaitForFirstConsumer")
	}
	path := filepath.Join(d.root, options.PVName)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	if err := os.Chmod(path, 0o777); err != nil { // the umask does not count
		return nil, controller.ProvisioningFinished, err
	}
	node := corev1.NodeSelectorRequirement{
		Key:      corev1.LabelHostname,
		Operator: corev1.NodeSelectorOpIn,
		Values:   []string{options.SelectedNode.Labels[corev1.LabelHostname]},
	}
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			AccessModes:                   options.PVC.Spec.AccessModes,
			Capacity:                      options.PVC.Spec.Resources.Requests,
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				Local: &corev1.LocalVolumeSource{Path: path},
			},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{node}}},
			}},
		},
	}, controller.ProvisioningFinished, nil
}

// Delete removes the directory with what is in it.
func (d directories) Delete(_ context.Context, volume *corev1.PersistentVolume) error {
	return os.RemoveAll(filepath.Join(d.root, volume.Name))
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "credentials for the API server")
	root := flag.String("root", "", "directory of the volumes")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		klog.ErrorS(err, "no client configuration")
		os.Exit(1)
	}
	ctx := genericapiserver.SetupSignalContext()
	controller.NewProvisionController(
		klog.FromContext(ctx), kubernetes.NewForConfigOrDie(config), provisionerName, directories{root: *root},
		controller.LeaderElection(false), controller.Threadiness(2), controller.MetricsPort(0),
	).Run(ctx)
}
