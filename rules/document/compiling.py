"""A document and an account make a policy, or every reason why they do not fit."""

from collections.abc import Mapping
from datetime import date, datetime
from string import Formatter

from rules.account import Account, AccountKind, AccountStage
from rules.conversion import EARLY, LATE
from rules.document.follow_up_shape import FollowUpShape
from rules.document.meaning import stage_key
from rules.document.names import Names, names_in, names_without_account
from rules.document.parts import (
    EVIDENCE,
    to_actors,
    to_calendar,
    to_condition,
    to_goal,
    to_moment,
    to_placeholders,
    to_step,
)
from rules.document.places import (
    find_pipeline,
    find_stages,
    imagined_pipeline,
    imagined_stage,
)
from rules.document.problems import DocumentInvalid, Path, Problem
from rules.document.reading import Document
from rules.document.rule_shape import Rule
from rules.document.shape import (
    ConversionRule,
    DocumentShape,
    MoveShape,
    StageShape,
)
from rules.facts import evidence_read
from rules.model import (
    Enforcement,
    EvidenceKind,
    GoalId,
    Kind,
    PipelineId,
    RuleId,
    StageId,
)
from rules.policy import (
    Allow,
    AutoMove,
    Check,
    Conversion,
    FollowUp,
    Lane,
    LocalText,
    MoveRule,
    OnFail,
    ParkLimit,
    Policy,
    SeenLimit,
    Stage,
    StartKind,
    Starts,
    StormLimit,
)


def compile_policy(
    document: Document, account: Account | None, *, published_on: date | datetime
) -> Policy:
    """Return the policy that a document makes in an account.

    `published_on` is when the process was first published; records created before are
    only observed, unless the document has a `since`. Without an account every stage
    and field is taken to exist: good for a preview. Raises DocumentInvalid.
    """
    problems: list[Problem] = []
    found = _Compiling(document, account, problems).policy(published_on)
    if found is None or problems:
        raise DocumentInvalid(problems)
    return found


def effective_at(document: Document) -> datetime | None:
    """Return the moment from which a document says that it is in force, in UTC."""
    found = document.shape.effective
    if found is None:
        return None
    return to_moment(found, to_calendar(document.shape.calendar))


class _Compiling:
    """One document on its way to a policy; what is wrong is gathered meanwhile."""

    def __init__(
        self, document: Document, account: Account | None, problems: list[Problem]
    ) -> None:
        self._document = document
        self._shape: DocumentShape = document.shape
        self._account = account
        self._problems = problems
        self._names: Names
        self._ids: dict[str, AccountStage] = {}

    def policy(self, published_on: date | datetime) -> Policy | None:
        shape = self._shape
        kind = None if self._account is None else self._kind(self._account)
        if self._account is not None and kind is None:
            return None
        pipeline = self._place(kind)
        if self._account is not None and kind is not None:
            vendor = self._account.vendor
            self._names = names_in(self._document, vendor, kind, self._problems)
        else:
            self._names = names_without_account(self._document, self._problems)
        calendar = to_calendar(shape.calendar)
        moves = shape.moves
        governs = self._names.condition(shape.governs, ("governs",))
        stages = self._stages()
        allow = self._allow()
        checks = self._checks()
        follow_ups = tuple(
            one
            for name, found in shape.follow_ups.items()
            if (one := self._follow_up(name, found)) is not None
        )
        auto_moves = self._auto_moves()
        return Policy(
            process=shape.process,
            title=self._text(shape.title or {"": shape.process}),
            connection=shape.connection,
            kind=Kind(shape.record),
            pipeline=pipeline,
            since=to_moment(shape.since or published_on, calendar),
            locale=shape.locale,
            calendar=calendar,
            stages=stages,
            sponsor=shape.sponsor,
            fallback=shape.people.fallback,
            governs=governs,
            goals={GoalId(name): self._text(one) for name, one in shape.goals.items()},
            fields=self._names.fields,
            types=self._names.types,
            labels=self._names.labels,
            options=self._names.options,
            free_texts=frozenset(self._names.free_texts),
            places=self._names.places,
            skip=self._move("skip", moves.skip),
            back=self._move("back", moves.back),
            born_late=self._move("born_late", moves.born_late),
            allow=allow,
            checks=checks,
            follow_ups=follow_ups,
            auto_moves=auto_moves,
            lanes=self._lanes(),
            conversion=self._conversion(),
            returns_per_day=moves.returns_per_day,
            placeholders=to_placeholders(shape.placeholders),
            hold_keep=shape.holds.keep,
            storm=StormLimit(shape.storm.returns, shape.storm.share),
            exemption_longest=shape.exemptions.longest,
            exemptions_recur=shape.exemptions.recurring,
            park_limit=ParkLimit(shape.parking.longest, shape.parking.times),
            messages_per_day=shape.people.messages_per_day,
            seen_limit=SeenLimit(shape.people.seen.lasts, shape.people.seen.times),
        )

    def _kind(self, account: Account) -> AccountKind | None:
        kind = account.kinds.get(Kind(self._shape.record))
        if kind is None:
            self._problem(
                ("record",), f"The account has no records of kind {self._shape.record}."
            )
        return kind

    def _place(self, kind: AccountKind | None) -> PipelineId | None:
        """Return the pipeline, and keep the stages that the policy's keys mean."""
        if kind is None:
            self._ids = {
                key: imagined_stage(key, one) for key, one in self._shape.stages.items()
            }
            return imagined_pipeline(self._document)
        pipeline = find_pipeline(self._document, kind, self._problems)
        if pipeline is None:
            return None
        self._ids = find_stages(self._document, pipeline, self._problems)
        return pipeline.id

    def _stages(self) -> tuple[Stage, ...]:
        found: list[Stage] = []
        position = 0
        for key, shape in self._shape.stages.items():
            is_beside = shape.from_ is not None
            stage = self._stage(key, shape, None if is_beside else position)
            position += 0 if is_beside else 1
            if stage is not None:
                found.append(stage)
        return tuple(found)

    def _stage(self, key: str, shape: StageShape, position: int | None) -> Stage | None:
        path: Path = ("stages", key)
        requires = tuple(
            self._names.use(name, (*path, "requires", index))
            for index, name in enumerate(shape.requires)
        )
        gate = self._names.condition(shape.gate, (*path, "gate"))
        people = {
            kind: condition
            for kind, least in (
                (EvidenceKind.CONTACTS, shape.contacts),
                (EvidenceKind.ACCOUNT_CONTACTS, shape.account_contacts),
            )
            if least is not None
            and (condition := self._names.condition(f"{kind} >= {least}", path))
        }
        if key not in self._ids:
            return None
        one = self._ids[key]
        return Stage(
            key=key,
            id=one.id,
            label=one.label,
            position=position,
            requires=requires,
            people=people,
            gate=gate,
            enforcement=self._power(shape),
            goal=to_goal(shape),
            is_closed=one.is_closed,
            is_won=one.is_won,
            actors=to_actors(shape),
        )

    def _move(self, name: str, shape: MoveShape | None) -> MoveRule | None:
        if shape is None:
            return None
        return MoveRule(
            RuleId(f"move.{name}"), self._power(shape), to_goal(shape), to_actors(shape)
        )

    def _allow(self) -> tuple[Allow, ...]:
        found = []
        for index, shape in enumerate(self._shape.moves.allow):
            when = self._names.condition(shape.when, ("moves", "allow", index, "when"))
            source, target = self._stage_id(shape.from_), self._stage_id(shape.to)
            if source is not None and target is not None:
                found.append(Allow(source, target, shape.why, when))
        return tuple(found)

    def _checks(self) -> tuple[Check, ...]:
        found = []
        for name, shape in self._shape.checks.items():
            condition = self._names.condition(shape.check, ("checks", name, "check"))
            if condition is not None:
                found.append(
                    Check(
                        id=RuleId(f"check.{name}"),
                        condition=condition,
                        enforcement=self._power(shape),
                        on_fail=OnFail(shape.on_fail),
                        goal=to_goal(shape),
                        while_open=shape.while_ == "open",
                        actors=to_actors(shape),
                        stages=frozenset(
                            stage
                            for one in shape.in_
                            if (stage := self._stage_id(one)) is not None
                        ),
                    )
                )
        return tuple(found)

    def _follow_up(self, name: str, shape: FollowUpShape) -> FollowUp | None:
        path: Path = ("follow_ups", name)
        kind = Kind(shape.record or self._shape.record)
        if self._account is not None and kind not in self._account.kinds:
            self._problem(
                (*path, "record"), f"The account has no records of kind {kind}."
            )
        for language, text in (shape.task or {}).items():
            place = (*path, "task", language) if language else (*path, "task")
            self._slots(text, kind, place)
        done_when = self._names.condition(shape.done_when, (*path, "done_when"))
        starts = self._starts(shape)
        if starts is None:
            return None
        return FollowUp(
            id=RuleId(f"follow_up.{name}"),
            name=name,
            kind=kind,
            starts=starts,
            done_by=frozenset(
                EVIDENCE[word] for word in shape.done_by if word in EVIDENCE
            ),
            enforcement=self._power(shape),
            goal=to_goal(shape),
            is_done_by_task="task" in shape.done_by,
            done_when=done_when,
            task=None if shape.task is None else self._text(shape.task),
            due=shape.due,
            ladder=tuple(to_step(step) for step in shape.ladder),
            while_open=shape.while_ == "open",
        )

    def _auto_moves(self) -> tuple[AutoMove, ...]:
        found = []
        for name, shape in self._shape.auto_moves.items():
            path: Path = ("auto_moves", name, "when")
            when = self._names.condition(to_condition(shape.when), path)
            source, target = self._stage_id(shape.from_), self._stage_id(shape.to)
            if when is not None and source is not None and target is not None:
                found.append(
                    AutoMove(
                        id=RuleId(f"auto.{name}"),
                        from_stage=source,
                        to_stage=target,
                        when=when,
                        enforcement=self._power(shape),
                        goal=to_goal(shape),
                    )
                )
        return tuple(found)

    def _lanes(self) -> tuple[Lane, ...]:
        found = []
        for name, shape in self._shape.lanes.items():
            path: Path = ("lanes", name, "when")
            when = self._names.condition(shape.when, path)
            if when is not None and evidence_read(when):
                self._problem(
                    path, "A lane goes by fields only: what is linked is not read here."
                )
            elif when is not None:
                found.append(Lane(name, when, shape.factor, shape.never_in_digest))
        return tuple(found)

    def _conversion(self) -> Conversion | None:
        shape = self._shape.conversion
        if shape is None:
            return None
        seed = self._names.condition(shape.seed, ("conversion", "seed"))
        if not any(one.is_won for one in self._ids.values()):
            self._problem(
                ("conversion",),
                "None of the policy's stages is one in which the CRM has a lead"
                " converted. Add that stage to stages.",
            )
        if seed is None:
            return None
        return Conversion(
            seed,
            late=self._conversion_rule(LATE, shape.late),
            early=self._conversion_rule(EARLY, shape.early),
        )

    def _conversion_rule(
        self, rule: RuleId, shape: ConversionRule | None
    ) -> MoveRule | None:
        if shape is None:
            return None
        power = Enforcement(shape.enforcement or self._shape.enforcement)
        if power is Enforcement.ENFORCE:
            # What all other rules may do: here there is nothing to put back.
            power = Enforcement.FLAG
        goal = None if shape.goal is None else GoalId(shape.goal)
        return MoveRule(rule, power, goal)

    def _starts(self, shape: FollowUpShape) -> Starts | None:
        starts = shape.starts
        if starts.idle is not None:
            return Starts(StartKind.IDLE, idle=starts.idle)
        if starts.no_next_action is not None:
            idle = starts.no_next_action
            return Starts(StartKind.IDLE, idle=idle, asks_for_plan=True)
        if starts.enters is None:
            return Starts(StartKind.CREATED)
        stage = self._stage_id(starts.enters)
        return None if stage is None else Starts(StartKind.ENTERS, stage=stage)

    def _slots(self, text: str, kind: Kind, path: Path) -> None:
        for _, slot, _, _ in Formatter().parse(text):
            if slot is None or slot in {"name", "stage"}:
                continue
            if kind is Kind(self._shape.record):
                self._names.use(slot, path)
            else:
                self._problem(
                    path, f"{{{slot}}} cannot be filled in here; {{name}} can."
                )

    def _stage_id(self, name: str) -> StageId | None:
        """Return a stage's id; None if it is a problem that is told elsewhere."""
        key = stage_key(name, self._shape.stages)
        return self._ids[key].id if key in self._ids else None

    def _power(self, rule: Rule) -> Enforcement:
        return Enforcement(rule.enforcement or self._shape.enforcement)

    def _text(self, text: Mapping[str, str]) -> LocalText:
        language = self._shape.locale[:2]
        return {name or language: one for name, one in text.items()}

    def _problem(self, path: Path, message: str) -> None:
        self._problems.append(self._document.source.problem(path, message))
