"""Objects that a session created are not deleted with what other people have made of them since."""

from __future__ import annotations

from pathlib import Path

from lrestore.simulator.world.edits import Edit, edit
from tests.acceptance.instance_fixture import SMALL, InstanceFixture

PLAN = {"name": "of another person", "enabled": True, "crontab": "0 5 * * *", "user_id": "2"}


def test_what_is_used_or_was_edited_since_is_kept(tmp_path: Path) -> None:
    """A dashboard and a look that others have scheduled, a look that was renamed; look 4 is left as it was created."""
    with InstanceFixture(tmp_path, sizes=SMALL) as instance:
        instance.delete("dashboard", "2")
        for look in ("2", "3", "4"):
            instance.delete("look", look)
        restored = instance.run("--select", "dashboard=2", "--select", "look=2,3,4").all_good()
        made = {(one["type"], one["id"]): one["destination_id"] for one in restored.report["items"]}
        for type_name in ("dashboard", "look"):
            sent = {f"{type_name}_id": made[type_name, "2"]}
            edit(instance.world, Edit(type="scheduled_plan", set={**PLAN, **sent}))
        instance.edit("look", made["look", "3"], title="renamed by hand")
        undone = instance.run("--undo", restored.report["session_id"], "--undo-created", "delete", "--yes")
        reasons = {(one["type"], one["id"]): one["reason"] for one in undone.all_good().report["items"]}
        assert "in use: scheduled_plan=" in reasons["dashboard", made["dashboard", "2"]]
        assert "in use: scheduled_plan=" in reasons["look", made["look", "2"]]
        assert reasons["look", made["look", "3"]].startswith("changed since session")
        assert [call.path for call in undone.writes] == [f"/looks/{made['look', '4']}"]
