"""A client that knows nothing but the protos creates a task, completes it and reads it back.

`run.sh` generates the client and names the server's binary in HANDOFFD.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest
import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from handoff.v1 import (
    history_service_pb2,
    history_service_pb2_grpc,
    member_pb2,
    member_service_pb2,
    member_service_pb2_grpc,
    task_pb2,
    task_service_pb2,
    task_service_pb2_grpc,
)

# Seconds; generous, for machines that are busy with other tests.
START = 120
CALL = 30


class Server:
    """A `handoffd up` in a directory of its own."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="handoff-python-")
        root = pathlib.Path(self._directory.name)
        # Postgres does not run as root; who it runs as has to get through here.
        root.chmod(0o755)
        self._log = root / "server.log"
        self._client_file = root / "data" / "client.json"
        # Nothing of the caller's environment may lead to another database.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HANDOFF_")}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [os.environ["HANDOFFD"], "up", "--data-dir", root / "data"]
                + ["--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"],
                stdout=log,
                stderr=log,
                env=environment,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        client = json.loads(self._client_file.read_text())
        self.address = client["server"].removeprefix("http://")
        self.token = client["token"]

    def _wait_until_ready(self):
        deadline = time.monotonic() + START
        while not self._client_file.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{self._log.read_text()}")
            time.sleep(0.05)

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(timeout=60)
        finally:
            self._process.kill()
            self._directory.cleanup()


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        server = Server()
        cls.addClassCleanup(server.stop)
        channel = grpc.insecure_channel(server.address)
        cls.addClassCleanup(channel.close)
        cls.caller = {"metadata": [("authorization", f"Bearer {server.token}")], "timeout": CALL}
        cls.commands = task_service_pb2_grpc.TaskCommandServiceStub(channel)
        cls.queries = task_service_pb2_grpc.TaskQueryServiceStub(channel)
        cls.members = member_service_pb2_grpc.MemberCommandServiceStub(channel)
        cls.history = history_service_pb2_grpc.HistoryQueryServiceStub(channel)

    def create(self, **fields):
        request = task_service_pb2.CreateTaskRequest(task=task_pb2.Task(**fields), request_id=str(uuid.uuid4()))
        return self.commands.CreateTask(request, **self.caller)

    def details(self, error, kind):
        """The error's detail of one kind."""
        for detail in rpc_status.from_call(error).details:
            message = kind()
            if detail.Unpack(message):
                return message
        self.fail(f"there is no {kind.DESCRIPTOR.full_name} in {error}")

    def test_a_task_is_created_completed_and_read_back(self):
        member = member_service_pb2.CreateMemberRequest(
            member_id="ana", member=member_pb2.Member(display_name="Ana Lima", email="ana@example.com")
        )
        self.members.CreateMember(member, **self.caller)
        created = self.create(subject="accounts/acme", title="Prepare the quarterly review", assignees=["members/ana"])
        self.assertEqual(created.task.number, "ACME-TASK-1")
        self.assertEqual(list(created.task.assignees), ["members/ana"])
        self.assertFalse(created.receipt.replayed)

        complete = task_service_pb2.CompleteTaskRequest(
            name=created.task.name, etag=created.task.etag, request_id=str(uuid.uuid4())
        )
        completed = self.commands.CompleteTask(complete, **self.caller)
        self.assertEqual(completed.task.status, task_pb2.TASK_STATUS_COMPLETE)
        self.assertGreater(completed.receipt.position, created.receipt.position)

        again = self.commands.CompleteTask(complete, **self.caller)
        self.assertTrue(again.receipt.replayed)
        self.assertEqual(again.receipt.position, completed.receipt.position)
        self.assertEqual(again.task, completed.task)

        position = completed.receipt.position
        get = task_service_pb2.GetTaskRequest(name=created.task.name, min_position=position)
        read = self.queries.GetTask(get, **self.caller)
        self.assertGreaterEqual(read.position, position)
        self.assertEqual(read.task.status, task_pb2.TASK_STATUS_COMPLETE)
        self.assertEqual(read.task.percent_complete, 100)
        self.assertEqual(read.task.subject_display_name, "acme")

    def test_events_are_streamed_in_the_order_of_their_positions(self):
        created = self.create(subject="accounts/stream", title="Call back")
        request = history_service_pb2.ReadEventsRequest(resource=created.task.name)
        events = [m.event for m in self.history.ReadEvents(request, **self.caller) if m.WhichOneof("item") == "event"]
        self.assertEqual([(event.version, event.type) for event in events], [(1, "task.created")])
        self.assertEqual(len(events[0].hash), 32)
        self.assertIsInstance(json.loads(events[0].payload_json), dict)

    def test_an_error_names_every_field_at_fault(self):
        with self.assertRaises(grpc.RpcError) as raised:
            self.create(subject="nowhere", title="")
        self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        info = self.details(raised.exception, error_details_pb2.ErrorInfo)
        self.assertEqual(info.domain, "handoff")
        bad = self.details(raised.exception, error_details_pb2.BadRequest)
        self.assertEqual({v.field for v in bad.field_violations}, {"task.subject", "task.title"})

    def test_a_stale_etag_is_refused(self):
        task = self.create(subject="accounts/stale", title="Call back").task
        self.commands.CompleteTask(task_service_pb2.CompleteTaskRequest(name=task.name), **self.caller)
        with self.assertRaises(grpc.RpcError) as raised:
            self.commands.ReopenTask(
                task_service_pb2.ReopenTaskRequest(name=task.name, etag=task.etag), **self.caller
            )
        self.assertEqual(raised.exception.code(), grpc.StatusCode.ABORTED)
        info = self.details(raised.exception, error_details_pb2.ErrorInfo)
        self.assertEqual(info.reason, "VERSION_MISMATCH")

    def test_a_caller_without_a_token_is_refused(self):
        with self.assertRaises(grpc.RpcError) as raised:
            self.queries.GetTask(task_service_pb2.GetTaskRequest(name="tasks/any"), timeout=CALL)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.UNAUTHENTICATED)


if __name__ == "__main__":
    unittest.main()
