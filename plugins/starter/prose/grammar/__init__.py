"""The grammar that makes the corpus: words, templates, rules, and the plans that join them into documents."""
