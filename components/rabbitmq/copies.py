"""How what applications make in a broker is copied."""

from components.contracts import BackupRepository
from components.copies.copier import Copied, copier
from components.copies.settings import CopiesSettings
from components.observability import Observability
from components.rabbitmq.ports import MANAGEMENT_PORT
from components.rabbitmq.secrets import COPIES, RabbitSecrets
from components.rabbitmq.settings import RabbitSettings
from components.rabbitmq.tls import Certificates
from components.scope import Scope
from model import Endpoint, Image


def copies(
    scope: Scope,
    name: str,
    settings: RabbitSettings,
    wanted: CopiesSettings,
    *,
    copier_image: Image,
    repository: BackupRepository,
    members: Endpoint,
    secrets: RabbitSecrets,
    certificates: Certificates | None,
) -> Observability:
    """The copier."""
    assert secrets.copies_password is not None, "the user is made where there are copies"
    copied = Copied(
        kind="Rabbit",
        modules=("components/rabbitmq/files/copies_source.py",),
        told={
            "nodes": list(members.member_hosts),
            "port": MANAGEMENT_PORT,
            "user": COPIES,
            "vhosts": list(settings.every_vhost),
            "tls": certificates is not None,
        },
        secrets={"password": secrets.copies_password},
        identities={"ca.pem": certificates.ca} if certificates else {},
        node_labels=settings.placement.labels,
        tolerations=settings.placement.tolerated,
        depends_on=members.resources,
    )
    return copier(scope, name, wanted, copied, image=copier_image, repository=repository)
