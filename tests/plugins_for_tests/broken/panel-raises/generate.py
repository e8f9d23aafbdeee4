"""Works."""

from studio.api import Output


def run(request, context):
    return [Output("text/plain", context.params.word.encode(), context.recipe())]
