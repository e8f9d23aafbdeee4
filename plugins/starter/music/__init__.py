"""The starter composer and the small model that learned from it."""
