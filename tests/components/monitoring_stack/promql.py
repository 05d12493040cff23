"""What a PromQL expression reads, and which labels its result has: by a real parser, and a stack's own series."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import promql_parser as parser

Labels = frozenset[str]
NONE: Labels = frozenset()
ANY: Labels = frozenset({"*"})
"""Of what could not be read: nothing more is said of it."""
_MATCHES: Mapping[str, Callable[[str, str], bool]] = {
    "MatchOp.Equal": lambda pattern, value: value == pattern,
    "MatchOp.NotEqual": lambda pattern, value: value != pattern,
    "MatchOp.Re": lambda pattern, value: re.fullmatch(pattern, value) is not None,
    "MatchOp.NotRe": lambda pattern, value: re.fullmatch(pattern, value) is None,
}
_KEEP_ALL = ("topk", "bottomk", "limitk", "limit_ratio")
"""Aggregations that choose among series and change none."""
_OF_NOTHING = ("vector", "hour", "minute", "month", "year", "day_of_month", "day_of_week", "days_in_month")
_SCALARS = ("scalar", "time", "pi")


@dataclass(frozen=True, kw_only=True)
class Series:
    """Series of one metric that Prometheus has of one place. `fixed` are labels whose only value is known, `closed`
    those that can have these values and no other."""

    metric: str
    labels: Labels
    fixed: Mapping[str, str] = field(default_factory=dict)
    closed: Mapping[str, Labels] = field(default_factory=dict)

    def fits(self, matcher: Any) -> bool:
        """Whether the matcher can be true of one of them. A label that is not there makes nothing a choice."""
        known = {self.fixed[matcher.name]} if matcher.name in self.fixed else self.closed.get(matcher.name)
        if known is None:
            return matcher.name in self.labels
        return any(_MATCHES[str(matcher.op)](matcher.value, value) for value in known)


@dataclass(kw_only=True)
class Reader:
    """Reads expressions of one stack, whose Prometheus has `series`; `elsewhere` is who exports what the stack has not.

    `faults` holds what was wrong with the expressions read so far: what is said, and what would be right.
    """

    series: Mapping[str, list[Series]]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def read(self, expression: str) -> Labels:
        """The labels that its result has; none of a scalar, `ANY` where it has faults."""
        try:
            parsed = parser.parse(expression)
        except ValueError as error:
            self.faults.append(f"is no PromQL: {error}")
            return ANY
        found = self._of(parsed) or NONE
        self.faults[:] = dict.fromkeys(self.faults)
        return ANY if self.faults else found

    def _of(self, node: Any) -> Labels | None:
        """None of a number or a text."""
        match node:
            case parser.NumberLiteral() | parser.StringLiteral():
                return None
            case parser.ParenExpr() | parser.UnaryExpr() | parser.SubqueryExpr():
                return self._of(node.expr)
            case parser.MatrixSelector():
                return self._selected(node.vector_selector)
            case parser.VectorSelector():
                return self._selected(node)
            case parser.AggregateExpr():
                return self._aggregated(node)
            case parser.BinaryExpr():
                return self._of_two(node)
            case parser.Call():
                return self._called(node)
        raise AssertionError(f"the parser has a new kind of expression: {type(node).__name__}")

    def _selected(self, node: Any) -> Labels:
        matchers = list(node.matchers.matchers)
        named = (one.value for one in matchers if (one.name, str(one.op)) == ("__name__", "MatchOp.Equal"))
        name = node.name or next(named, "")
        if not name or node.matchers.or_matchers:
            self._fault(f"`{node}`", "names no metric", "write one, and one set of labels")
            return ANY
        left = self.series.get(name, [])
        if not left:
            self._fault(f"`{name}`", "is exported by nothing in this stack", self._instead(name))
            return ANY
        for matcher in (one for one in matchers if one.name != "__name__"):
            fitting = [one for one in left if one.fits(matcher)]
            if not fitting:
                self._unfit(name, matcher, left)
                return ANY
            left = fitting
        return NONE.union(*(one.labels for one in left))

    def _unfit(self, name: str, matcher: Any, left: Iterable[Series]) -> None:
        labels = NONE.union(*(one.labels for one in left))
        said = f'{matcher.name}{_SIGNS[str(matcher.op)]}"{matcher.value}"'
        if matcher.name not in labels:
            right = f"it has {_listed(labels)}"
            self._fault(f"`{name}`", f"has no label `{matcher.name}` (`{said}`)", right)
            return
        values = {one.fixed[matcher.name] for one in left if matcher.name in one.fixed}
        values |= NONE.union(*(one.closed.get(matcher.name, NONE) for one in left))
        self._fault(f"`{name}`", f"has no series with `{said}`", f"there is {_listed(values)}")

    def _instead(self, name: str) -> str:
        if name in self.elsewhere:
            return f"it is told by {self.elsewhere[name]}, which this stack has not"
        near = get_close_matches(name, self.series, n=1)
        return f"did you mean `{near[0]}`?" if near else "no record of an exporter has it"

    def _aggregated(self, node: Any) -> Labels:
        inner, op = self._of(node.expr) or NONE, str(node.op)
        if node.modifier is None:
            found = inner if op in _KEEP_ALL else NONE
        else:
            named = frozenset(node.modifier.labels)
            self._need(named, inner, f"`{op}` groups by")
            by = str(node.modifier.type).endswith("By")
            found = inner if op in _KEEP_ALL else named if by else inner - named
        return found | {node.param.val} if op == "count_values" else found

    def _of_two(self, node: Any) -> Labels | None:
        left, right, op = self._of(node.lhs), self._of(node.rhs), str(node.op)
        if left is None or right is None:
            return right if left is None else left
        if op == "or":
            return left | right
        matching = node.modifier.matching if node.modifier else None
        if matching is None:
            if left != right and not ANY & (left | right):
                sides = f"one side has {_listed(left)}, the other {_listed(right)}"
                self._fault(f"`{op}`", "finds no two series alike", f"{sides}: say `on (…)`")
            compared = left
        else:
            named = frozenset(matching.labels)
            include = str(matching.type).endswith("Include")
            for side in (left, right) if include else ():
                self._need(named, side, f"`{op}` matches by")
            compared = named if include else left - named
        if op in ("and", "unless"):
            return left
        many = str(node.modifier.card) if node.modifier else ""
        extra = frozenset(node.modifier.group_labels or ()) if node.modifier else NONE
        if many.endswith("ManyToOne"):
            self._need(extra, right, "`group_left` takes")
            return left | extra
        if many.endswith("OneToMany"):
            self._need(extra, left, "`group_right` takes")
            return right | extra
        # A comparison keeps its left series.
        return left if op in _COMPARISONS and matching is None else compared

    def _called(self, node: Any) -> Labels | None:
        name, found = node.func.name, [self._of(argument) for argument in node.args]
        if name in _SCALARS:
            return None
        vector = next((one for one in found if one is not None), NONE)
        match name:
            case "absent" | "absent_over_time":
                return self._told_by_absence(node.args[0])
            case "histogram_quantile":
                self._need(frozenset({"le"}), vector, "`histogram_quantile` reads")
                return vector - {"le"}
            case "label_replace":
                texts = [argument.val for argument in node.args[1:]]
                self._need(frozenset({texts[2]} - {""}), vector, "`label_replace` reads")
                return vector | {texts[0]}
            case "label_join":
                texts = [argument.val for argument in node.args[1:]]
                self._need(frozenset(texts[2:]), vector, "`label_join` reads")
                return vector | {texts[0]}
        return NONE if name in _OF_NOTHING else vector

    def _told_by_absence(self, argument: Any) -> Labels:
        """Prometheus makes the labels of what is not there from the matchers that say one value."""
        selector = getattr(argument, "vector_selector", argument)
        if not isinstance(selector, parser.VectorSelector):
            return NONE
        return frozenset(one.name for one in selector.matchers.matchers if str(one.op) == "MatchOp.Equal")

    def _need(self, named: Labels, there: Labels, what: str) -> None:
        if (wrong := named - there) and not ANY & there:
            self._fault(what, _listed(wrong), f"which is no label there: there is {_listed(there)}")

    def _fault(self, what: str, is_wrong: str, right: str) -> None:
        self.faults.append(f"{what} {is_wrong}; {right}")


_SIGNS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
_COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "no label"
