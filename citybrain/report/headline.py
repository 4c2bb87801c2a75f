"""The top of the report: the answer, why, and the figures it rests on."""

from citybrain.model.verdict import Decision, Verdict
from citybrain.report.markup import Markup, tag
from citybrain.report.tables import bullets
from citybrain.report.wording import (
    clock,
    count,
    duration,
    interval,
    number,
    percent,
    signed,
    signed_interval,
    true_minus,
)

ANSWERS = {
    Decision.ACCEPT: ("✓", "Accept", "Run the proposed plan."),
    Decision.REJECT: ("✕", "Reject", "Keep the running plan."),
    Decision.INCONCLUSIVE: (
        "?",
        "Inconclusive",
        "The evidence does not suffice; nothing is advised.",
    ),
}


def headline(verdict: Verdict) -> Markup:
    """Return the decision in large plain words, its reasons and the key figures."""
    sign, word, advice = ANSWERS[verdict.decision]
    compared = tag(
        "p",
        tag("b", verdict.scenario),
        " · running plan ",
        tag("b", verdict.running_plan),
        " · proposed plan ",
        tag("b", verdict.proposed_plan),
        class_="compared",
    )
    answer = tag(
        "div",
        tag("span", sign, class_="sign", aria_hidden="true"),
        tag("h1", word),
        tag("p", advice),
        class_="answer",
    )
    return tag(
        "header",
        tag("p", "citybrain · proof of a signal plan", class_="kicker"),
        answer,
        compared,
        bullets(map(true_minus, verdict.reasons))
        if verdict.reasons
        else tag("p", "No reasons were given."),
        _figures(verdict),
        class_=f"headline {verdict.decision.value}",
    )


def _figures(verdict: Verdict) -> Markup:
    saving = percent(verdict.saving)
    simulated_s = verdict.end_s - verdict.begin_s
    before, after = verdict.delay_before_s, verdict.delay_after_s
    return tag(
        "div",
        _figure("Delay saved", f"{number(saving.mean)} %", f"95 % interval {interval(saving)} %"),
        _figure(
            "Mean delay",
            f"{number(before.mean)} → {number(after.mean)}",
            f"s/veh · change {signed(verdict.delay_change_s.mean)} "
            f"({signed_interval(verdict.delay_change_s)})",
        ),
        _figure("Paired seeds", number(len(verdict.seeds), 0), f"worst: seed {verdict.worst_seed}"),
        _figure(
            "Simulated time",
            duration(simulated_s),
            f"{clock(verdict.begin_s)} to {clock(verdict.end_s)}, per seed and plan",
        ),
        class_="figures",
    )


def _figure(name: str, value: str, note: str) -> Markup:
    return tag("div", tag("span", name), tag("strong", value), tag("small", note), class_="figure")


def page_title(verdict: Verdict) -> str:
    """Return the title of the page."""
    word = ANSWERS[verdict.decision][1]
    return f"{word}: {verdict.proposed_plan} for {verdict.scenario} – citybrain"


def seeds_text(verdict: Verdict) -> str:
    """Return the seeds in words."""
    listed = ", ".join(str(seed) for seed in verdict.seeds)
    return f"{count(len(verdict.seeds), 'paired seed')}: {listed}"
