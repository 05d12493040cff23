"""Messages of the sample application; `tests/components/rabbitmq` has a broker for them."""

import pytest
from starlette.testclient import TestClient

from sandbox.app.lifecycle import Lifecycle
from sandbox.app.settings import SettingsError, read_settings
from sandbox.app.web import create_app

MESSAGE = {"writer": "w", "sequence": 1}


def test_without_a_broker_there_are_no_messages(client: TestClient) -> None:
    assert client.post("/messages", json=MESSAGE).status_code == 404


def test_what_nobody_confirmed_is_not_acknowledged() -> None:
    settings = read_settings({"BROKER_URL": "amqp://me:secret@127.0.0.1:1/app", "BROKER_TIMEOUT": "1"})
    with TestClient(create_app(settings, Lifecycle())) as client:
        answers = [client.post("/messages", json=MESSAGE)]
        answers.append(client.get("/messages/missing", params={"writer": "w", "upto": 1}))
    for answer in answers:
        assert answer.status_code == 503
        assert answer.json()["error"].startswith("BrokerUnavailable: ")
        assert "secret" not in answer.text


def test_a_url_of_another_kind_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^BROKER_URL does not start with amqp:// or amqps://"):
        read_settings({"BROKER_URL": "redis://:secret@broker"})
