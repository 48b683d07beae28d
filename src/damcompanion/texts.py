"""The texts this package implements and, for each, the equations that stand in the code.

A docstring says `Source: MRS24 Eq. (8).`; a test holds those lines and this table together, and the book's page
"equation, function, test, notebook" is generated from both.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Paper:
    """One text: its key, how to cite it and the equations implemented, label -> short title."""

    key: str
    citation: str
    equations: dict[str, str] = field(default_factory=dict)


PAPERS = {
    paper.key: paper
    for paper in (
        Paper(
            "MRS24",
            "McAlister, Robins and Szymanski (2024), Improved Robustness and Hyperparameter Selection in the "
            "Dense Associative Memory",
            {
                "1": "Hebbian weights",
                "2": "Hopfield update",
                "3": "Sign, with sign(0) = +1",
                "4": "Dense associative memory update",
                "5": "Polynomial interaction",
                "6": "Rectified polynomial interaction",
                "7": "Leaky rectified polynomial interaction",
                "8": "Loss of the original network",
                "9": "Homogeneity",
                "10": "Lemma 4.1.1: the polynomial is homogeneous",
                "11": "Lemma 4.1.2: the rectified polynomial is homogeneous",
                "12": "Exponential interaction",
                "13": "Update of the modified network",
                "14": "Loss of the modified network",
            },
        ),
        Paper(
            "KH16",
            "Krotov and Hopfield (2016), Dense Associative Memory for Pattern Recognition, with its supplement",
            {
                "1": "Energy",
                "4": "Update as an energy difference",
                "5": "Largest number of memories at a given error",
                "6": "Largest number of memories without errors",
                "9": "Update of the classification neurons",
                "12": "Learning rate schedule",
                "13": "Momentum step, normalised by each memory's largest entry",
                "14": "Objective of the classifier",
            },
        ),
    )
}
