"""The time machine: Gold built again from Bronze, compared, published, taken back."""
