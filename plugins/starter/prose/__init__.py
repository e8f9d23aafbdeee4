"""The starter prose models: a generative story grammar, its checker, training and evaluation."""
