"""McAlister, Robins and Szymanski (2024), Improved Robustness and Hyperparameter Selection in the Dense Associative
Memory."""
