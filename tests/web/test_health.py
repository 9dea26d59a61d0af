"""Health: what a supervisor, a balancer and a scraper are told."""

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from connector.metrics import Counter
from connector.store import open_store
from tests.fakes.source import SIGNATURE
from tests.web.kit import House


def figures(answer):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def test_alive_and_ready_when_all_servers_answer(client):
    assert client.get("/livez").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ready\n")


def test_without_a_database_it_is_alive_but_not_ready(without_database):
    client = without_database.client()
    assert client.get("/livez").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "DATABASE_URL" in answer.text


def test_a_database_without_migrations_is_named(empty_database_url, redis, clock):
    store = open_store(empty_database_url)
    answer = House(store, redis, clock).client().get("/readyz")
    store.close()
    assert answer.status_code == 503
    assert "it lacks allowed_answers." in answer.text
    assert "python -m connector.store.migrate" in answer.text


def test_without_redis_deliveries_can_be_taken_and_the_limit_is_told(without_redis):
    answer = without_redis.client().get("/readyz")
    assert answer.status_code == 200
    assert "REDIS_URL" in answer.text


def test_health_is_open_everywhere(public_house):
    client = public_house().client(host="10.2.3.4:8000")
    for path in ("/livez", "/readyz", "/metrics"):
        assert client.get(path).status_code == 200


def test_the_metrics_say_what_came_what_was_refused_and_why(house, client, clock):
    house.connect()
    path = "/webhooks/hubspot/acme"
    client.post(path, data=b"[]", headers={SIGNATURE: "right"})
    for _ in range(2):
        client.post(path, data=b"[]", headers={SIGNATURE: "wrong"})
    house.metrics.count(Counter.INTERVENTIONS, state="done", by=3)
    house.counted()
    with house.store.begin() as tx:
        tx.streams.claim(1, "deals", lease="l", now=clock.now(), until=clock.now())
    clock.advance(timedelta(seconds=90))
    found = figures(client.get("/metrics"))
    deliveries = "slagboom_deliveries_total"
    hubspot = ("vendor", "hubspot")
    assert found[deliveries, ("answer", "accepted"), hubspot] == 1
    assert found[deliveries, ("answer", "signature"), hubspot] == 2
    assert found["slagboom_interventions_total", ("state", "done")] == 3
    assert found["slagboom_deliveries_waiting",] == 1
    assert found["slagboom_deliveries_oldest_seconds",] == pytest.approx(90)
    assert found["slagboom_streams_quiet_seconds",] == pytest.approx(90)
    assert found["slagboom_connections", ("state", "working")] == 1
    assert found["slagboom_queue_length",] == 1
    assert found["slagboom_workers",] == 0
    assert found["slagboom_up", ("server", "database")] == 1
    assert found["slagboom_up", ("server", "redis")] == 1


def test_the_metrics_leave_out_what_cannot_be_asked(without_database, without_redis):
    found = figures(without_database.client().get("/metrics"))
    assert found["slagboom_up", ("server", "database")] == 0
    assert not any(name == "slagboom_records_due" for name, *_ in found)
    found = figures(without_redis.client().get("/metrics"))
    assert found["slagboom_up", ("server", "redis")] == 0
    assert found["slagboom_records_due",] == 0
    assert not any(name == "slagboom_queue_length" for name, *_ in found)
