"""One file a step, NNNN_verb_noun.py; a step that has shipped is never edited."""
