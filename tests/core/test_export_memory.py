"""An export of any size takes little memory: the buffers of its workers, and the plan."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import hashlib, io, json, sys
from exporter_core import Descriptor, ExportOptions, Platform, new_progress, plan_export, run_export

class Zeros(io.RawIOBase):
    def __init__(self, size): self.left = size
    def readable(self): return True
    def readinto(self, buffer):
        count = min(len(buffer), self.left)
        buffer[:count] = bytes(count)
        self.left -= count
        return count

SIZE, COUNT = int(sys.argv[2]), 4
class Provider:
    blobs = {}
    def open(self, descriptor):
        data = self.blobs.get(str(descriptor.digest))
        return io.BytesIO(data) if data else Zeros(descriptor.size)

def put(data, kind):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    Provider.blobs[digest] = data
    return '{"mediaType":"application/vnd.oci.image.%s","digest":"%s","size":%d}' % (kind, digest, len(data))

layers = []
for number in range(COUNT):
    running, left = hashlib.sha256(), SIZE + number
    while left:
        running.update(bytes(min(left, 1 << 20)))
        left -= min(left, 1 << 20)
    layers.append('{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%d}'
                  % (running.hexdigest(), SIZE + number))
config = put(b'{"architecture":"amd64","os":"linux"}', "config.v1+json")
manifest = put(('{"config":%s,"layers":[%s]}' % (config, ",".join(layers))).encode(), "manifest.v1+json")
from exporter_core.manifest import parse_descriptor
root = parse_descriptor(json.loads(manifest), where="root")
plan = plan_export(Provider(), [root], ExportOptions(host=Platform(os="linux", architecture="amd64")))
report = run_export(plan, Provider(), sys.argv[1], workers=4, overwrite=True)
assert report.bytes == plan.total > COUNT * SIZE
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.parametrize("target", ["file", "device"])
def test_memory_is_constant(target: str, tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux tells the peak of a process alone (ru_maxrss counts its parent's)")
    path, size = ("/dev/null", 120 << 20) if target == "device" else (str(tmp_path / "a.tar"), 24 << 20)
    command = [sys.executable, "-c", SCRIPT, path, str(size)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=100)
    assert not done.returncode, done.stderr
    assert int(done.stdout) < 80 * 1024
