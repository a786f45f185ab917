"""Findings as a person reads them: the worst first, with place and hint."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.findings import Finding, Severity, errors_of
from core.findings import counted as number_of

_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "remark"}
_MARKS = {Severity.ERROR: "✕ error", Severity.WARNING: "▲ warning", Severity.INFO: "○ remark"}


def counted(findings: Sequence[Finding]) -> str:
    """Return how many findings there are of each severity, in words."""
    counts = {severity: sum(finding.severity is severity for finding in findings) for severity in Severity}
    parts = [number_of(number, _WORDS[severity]) for severity, number in counts.items() if number]
    return ", ".join(parts) or "no findings"


def show_findings(findings: Sequence[Finding]) -> None:
    """Show the findings as a table; say so when there are none."""
    if not findings:
        st.caption("No findings: nothing had to be assumed, and nothing contradicts itself.")
        return
    order = list(Severity)
    ranked = sorted(findings, key=lambda finding: order.index(finding.severity))
    rows = [
        {
            "Severity": _MARKS[finding.severity],
            "What": finding.text,
            "What to do": finding.hint,
            "Where": str(finding.where),
            "Code": finding.code,
        }
        for finding in ranked
    ]
    table = pd.DataFrame(rows)
    st.dataframe(table.loc[:, (table != "").any()], hide_index=True, width="stretch")


def warn_of_errors(findings: Sequence[Finding]) -> list[Finding]:
    """Show the findings with which the numbers below can't be relied on, if there are any; return the others."""
    errors = errors_of(findings)
    if errors:
        st.error(f"Don't rely on these numbers: {counted(errors)}.", icon=":material/error:")
        show_findings(errors)
    return [finding for finding in findings if finding not in errors]


def fold_findings(title: str, findings: Sequence[Finding]) -> None:
    """Offer findings that need not be seen at once."""
    if findings:
        with st.expander(f"{title}: {len(findings)}"):
            show_findings(findings)
