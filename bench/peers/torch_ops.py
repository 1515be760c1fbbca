"""PyTorch's convolution and its gradients, one execution a request: the peer of bench/ops.ts.

Reads JSON lines from stdin, answers each with one: {"open": shape} prepares tensors, {"run": "forward" | "dx" | "dw",
"threads": n} answers {"ms": wall, "cpu": of all threads}. The first line it writes is {"torch": version}.
"""
import json, sys, time
import torch

print(json.dumps({"torch": torch.__version__}), flush=True)
backward = torch.ops.aten.convolution_backward
for line in sys.stdin:
    request = json.loads(line)
    if "open" in request:
        s = request["open"]
        x = torch.rand(s["batch"], s["channels"], s["size"], s["size"])
        w = torch.rand(s["filters"], s["channels"] // s["groups"], s["kernel"], s["kernel"])
        settings = [s["stride"]] * 2, [s["padding"]] * 2, [s["dilation"]] * 2
        forward = lambda: torch.conv2d(x, w, None, *settings, s["groups"])
        dy = torch.rand_like(forward())
        gradient = lambda mask: backward(dy, x, w, None, *settings, False, [0, 0], s["groups"], mask)
        runs = {
            "forward": forward,
            "dx": lambda: gradient([True, False, False]),
            "dw": lambda: gradient([False, True, False]),
        }
        print(json.dumps({"dims": list(dy.shape)}), flush=True)
        continue
    torch.set_num_threads(request["threads"])
    with torch.no_grad():
        wall, cpu = time.perf_counter(), time.process_time()
        runs[request["run"]]()
        print(json.dumps({"ms": (time.perf_counter() - wall) * 1e3, "cpu": (time.process_time() - cpu) * 1e3}), flush=True)
