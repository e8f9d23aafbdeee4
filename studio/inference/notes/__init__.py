"""Music as notes: scores as plain values, their tokens, the grammar of answers, and sampling them from a model.

Only `sample` loads torch.
"""
