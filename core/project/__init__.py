"""Projects of a workspace: the plant with its revisions, imported results, verdict rounds, ledger and audit trail."""

from core.project.ledger import Decision, Proposal
from core.project.merge import Change, changes
from core.project.project import Project
from core.project.records import AuditEntry, Import, Revision, Round
from core.project.workspace import ProjectLine, Workspace

__all__ = [
    "AuditEntry",
    "Change",
    "Decision",
    "Import",
    "Project",
    "ProjectLine",
    "Proposal",
    "Revision",
    "Round",
    "Workspace",
    "changes",
]
