"""Figures: shared by all processes, dropped when Redis is away."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from connector.metrics import Counter, Gauge, Metrics
from connector.queue import open_redis


def read(page: bytes) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def test_counts_of_all_processes_add_up(redis):
    Metrics(redis).count(Counter.DELIVERIES, vendor="hubspot", answer="accepted")
    Metrics(redis).count(Counter.DELIVERIES, vendor="hubspot", answer="accepted")
    Metrics(redis).count(Counter.RECORDS_JUDGED, by=40)
    figures = read(Metrics(redis).render({}))
    assert figures["slagboom_deliveries_total", "accepted", "hubspot"] == 2
    assert figures["slagboom_records_judged_total",] == 40


def test_gauges_are_what_is_handed_in(redis):
    page = Metrics(redis).render(
        {Gauge.RECORDS_DUE: 3, Gauge.UP: {("database",): 1, ("redis",): 0}}
    )
    figures = read(page)
    assert figures["slagboom_records_due",] == 3
    assert figures["slagboom_up", "redis"] == 0


def test_a_label_may_hold_any_text(redis):
    Metrics(redis).count(Counter.DELIVERIES_DEAD, reason='no "JSON"\n')
    figures = read(Metrics(redis).render({}))
    assert figures["slagboom_deliveries_dead_total", 'no "JSON"\n'] == 1


def test_without_redis_nothing_is_counted_and_nothing_raised():
    with open_redis("redis://127.0.0.1:1/0") as redis:
        metrics = Metrics(redis)
        metrics.count(Counter.RECORDS_JUDGED)
        assert (
            read(metrics.render({Gauge.RECORDS_DUE: 1}))["slagboom_records_due",] == 1
        )


def test_labels_other_than_the_declared_are_a_mistake(redis):
    with pytest.raises(ValueError, match="DELIVERIES has the labels"):
        Metrics(redis).count(Counter.DELIVERIES, vendor="hubspot")


def test_what_another_version_counted_is_left_out(redis):
    redis.hset("slagboom:metrics", "slagboom_gone_total", 5)
    assert Metrics(redis).counts() == {}


@pytest.mark.parametrize("metric", [*Counter, *Gauge], ids=lambda metric: metric.name)
def test_every_figure_says_what_it_is(metric):
    assert metric.help_text.endswith(".")
