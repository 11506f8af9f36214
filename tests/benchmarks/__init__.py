"""How fast is it? Figures per CPU second and ratios against a plain baseline of the same run; never a unit test."""
