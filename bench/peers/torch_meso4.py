"""Meso-4 in PyTorch on given weights, batches and dropout noise: one loss a line, for bench/equivalence.ts.

usage: torch_meso4.py FOLDER STEPS BATCH SIZE   (reads weights.safetensors, images.u8, labels.f32, noise*.f32)
"""
import json, struct, sys
import numpy as np
import torch, torch.nn.functional as F

torch.set_num_threads(2)
folder, steps, batch, size = sys.argv[1], *map(int, sys.argv[2:5])


def read_safetensors(path):
    raw = open(path, "rb").read()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + length])
    header.pop("__metadata__", None)
    body = raw[8 + length :]
    return {
        name: torch.tensor(np.frombuffer(body[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"]).copy())
        for name, entry in header.items()
    }


weights = read_safetensors(f"{folder}/weights.safetensors")
trained = {k: v.requires_grad_() for k, v in weights.items() if not k.endswith(("/mean", "/variance"))}
adam = torch.optim.Adam(trained.values(), 1e-3, eps=1e-8)
images = np.memmap(f"{folder}/images.u8", np.uint8, "r", shape=(steps, batch, 3, size, size))
labels = np.fromfile(f"{folder}/labels.f32", "<f4").reshape(steps, batch)
flat = 16 * (size // 32) ** 2
noise = [np.fromfile(f"{folder}/noise{i + 1}.f32", "<f4").reshape(steps, batch, n) for i, n in enumerate((flat, 16))]


def dropout(x, uniform):
    return x * torch.where(torch.tensor(uniform) < 0.5, 0.0, 2.0)


def forward(x, step):
    for i, pool in enumerate((2, 2, 2, 4)):
        conv, norm = f"block{i + 1}/conv", f"block{i + 1}/norm"
        kernel = weights[f"{conv}/weight"]
        x = F.relu(F.conv2d(x, kernel, weights[f"{conv}/bias"], padding=kernel.shape[-1] // 2))
        x = F.batch_norm(x, None, None, weights[f"{norm}/gamma"], weights[f"{norm}/beta"], True, 0.0, 1e-3)
        x = F.max_pool2d(x, pool)
    x = dropout(x.permute(0, 2, 3, 1).flatten(1), noise[0][step])
    x = F.leaky_relu(x @ weights["head/hidden/weight"] + weights["head/hidden/bias"], 0.1)
    return dropout(x, noise[1][step]) @ weights["head/output/weight"] + weights["head/output/bias"]


for step in range(steps):
    adam.zero_grad()
    x = torch.tensor(np.asarray(images[step])).float() / 255
    loss = F.binary_cross_entropy_with_logits(forward(x, step)[:, 0], torch.tensor(labels[step]))
    loss.backward()
    adam.step()
    print(repr(loss.item()), flush=True)
