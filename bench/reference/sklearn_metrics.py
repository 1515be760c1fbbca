"""scikit-learn's values for seeded cases: writes src/metrics/reference.json, which the tests of metrics read.

Run: /usr/bin/python3 bench/reference/sklearn_metrics.py && npx biome check --write src/metrics   (Debian: python3-sklearn)
"""
import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics as m
from sklearn.calibration import _sigmoid_calibration, calibration_curve
from sklearn.isotonic import IsotonicRegression


def logit(p):
    q = np.clip(p, 1e-7, 1 - 1e-7)
    return np.log(q) - np.log1p(-q)


def case(name, labels, scores):
    labels, scores = np.asarray(labels), np.asarray(scores, float)
    fpr, tpr, thresholds = m.roc_curve(labels, scores, drop_intermediate=False)
    precision, recall, _ = m.precision_recall_curve(labels, scores)
    called = (scores >= 0.5).astype(int)
    fraction, mean = calibration_curve(labels, scores, n_bins=10)
    a, b = _sigmoid_calibration(logit(scores), labels)
    grid = np.linspace(-0.1, 1.1, 25)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    return {
        "name": name,
        "labels": labels.tolist(),
        "scores": scores.tolist(),
        "roc": {"fpr": fpr.tolist(), "tpr": tpr.tolist(), "thresholds": thresholds[1:].tolist()},
        "auc": m.roc_auc_score(labels, scores),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "averagePrecision": m.average_precision_score(labels, scores),
        "accuracy": m.accuracy_score(labels, called),
        "balancedAccuracy": m.balanced_accuracy_score(labels, called),
        "confusion": m.confusion_matrix(labels, called, labels=[0, 1]).tolist(),
        "logLoss": m.log_loss(labels, scores, eps=1e-15),
        "brier": m.brier_score_loss(labels, scores),
        "reliability": {"manipulated": fraction.tolist(), "meanScore": mean.tolist()},
        "jaccard": m.jaccard_score(labels, called),
        "jaccardBackground": m.jaccard_score(labels, called, pos_label=0),
        # sklearn has 1 / (1 + exp(a x + b)).
        "platt": {"slope": -a, "offset": -b},
        "isotonic": {"at": grid.tolist(), "value": isotonic.predict(grid).tolist()},
    }


def cases():
    random = np.random.default_rng(20)
    labels = random.integers(0, 2, 60)
    yield "continuous", labels, np.round(1 / (1 + np.exp(-(labels * 1.5 - 0.7 + random.normal(size=60)))), 6)
    labels = random.integers(0, 2, 80)
    yield "ties to one decimal", labels, np.round(np.clip(0.3 * labels + random.random(80) * 0.7, 0, 1), 1)
    labels = (random.random(70) < 0.1).astype(int)
    yield "one in ten manipulated", labels, np.round(random.random(70) ** (2 - labels), 3)
    yield "all scores equal", [0, 1, 1, 0, 1, 0, 1], [0.4] * 7
    labels = random.integers(0, 2, 40)
    yield "worse than chance, with 0 and 1", labels, np.clip(np.round(0.8 - 0.6 * labels + random.normal(size=40) / 3, 2), 0, 1)


def main():
    out = Path(__file__).parents[2] / "src/metrics/reference.json"
    body = {"scikitLearn": sklearn.__version__, "numpy": np.__version__, "cases": [case(*c) for c in cases()]}
    # One case a line: a diff shows which one moved.
    text = json.dumps({**body, "cases": []}, indent=2)
    lines = ",\n".join("    " + json.dumps(c) for c in body["cases"])
    out.write_text(text.replace('"cases": []', f'"cases": [\n{lines}\n  ]') + "\n")


main()
