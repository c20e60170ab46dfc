"""What a trained network is like: functions of a finished run and of examples, one idea per file.

``regexp.diagnostics.examples(result)`` gives the examples. Values per layer come as a dict by hidden layer, ``hidden.0`` first.
"""

from regexp.diagnostics.activity import activation_variances, gradient_norms, zero_activations
from regexp.diagnostics.bias_variance import bias_and_variance
from regexp.diagnostics.calibration import expected_calibration_error
from regexp.diagnostics.co_adaptation import deletion_drop, unit_correlations
from regexp.diagnostics.examples import accuracy, examples
from regexp.diagnostics.lasso import elastic_net
from regexp.diagnostics.linear_fits import LinearFit, constant, minimum_norm, minimum_norm_risk, ridge, risk
from regexp.diagnostics.linearity import linear_r2, near_linear_share
from regexp.diagnostics.smoothness import input_gradient_norm, noise_accuracy
from regexp.diagnostics.span import norms_by_span

__all__ = [
    "LinearFit",
    "accuracy",
    "activation_variances",
    "bias_and_variance",
    "constant",
    "deletion_drop",
    "elastic_net",
    "examples",
    "expected_calibration_error",
    "gradient_norms",
    "input_gradient_norm",
    "linear_r2",
    "minimum_norm",
    "minimum_norm_risk",
    "near_linear_share",
    "noise_accuracy",
    "norms_by_span",
    "ridge",
    "risk",
    "unit_correlations",
    "zero_activations",
]
