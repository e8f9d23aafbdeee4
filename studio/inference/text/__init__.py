"""Writing with language models: loading one, the token loop, what chooses a token, and what holds a text to a form.

Importing the package loads nothing; take what you need by module.
"""
