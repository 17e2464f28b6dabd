"""Names that readers take for those of women or men of some origin.

Written by hand, four a group, from what is common knowledge of naming; those called English and African American are of the
kind that audit studies of hiring have used since Bertrand and Mullainathan (2004). They stand for how a name is read, not for
how anybody is. Accents are left out so that no group has rarer letters than another, and famous bearers were avoided.
"""

from pipelines.training.probes.fairness.grid import NAME_GENDER, NAME_ORIGIN, Column

_WOMEN_MEN_FAMILIES = {
    "English": ("Emily Allison Claire Heather", "Matthew Brendan Geoffrey Simon", "Walsh Baker Carter Murphy"),
    "African American": ("Lakisha Tamika Ebony Latoya", "Jamal Darnell Tyrone DeShawn", "Robinson Booker Jefferson Coleman"),
    "Hispanic": ("Guadalupe Carmen Lucia Ximena", "Alejandro Diego Javier Ramiro", "Hernandez Morales Ramirez Fuentes"),
    "Arabic": ("Fatima Aisha Layla Noor", "Mohammed Ahmed Omar Khalid", "Hassan Haddad Mansour Khalil"),
    "South Asian": ("Priya Lakshmi Ananya Deepika", "Rajesh Arjun Sanjay Vikram", "Patel Sharma Reddy Banerjee"),
    "East Asian": ("Meiling Xiaoling Yuki Soojin", "Wei Jianguo Hiroshi Minho", "Chen Wang Tanaka Kim"),
    "East European": ("Agnieszka Olena Milica Ioana", "Piotr Oleksandr Milan Andrei", "Kowalczyk Shevchenko Jovanovic Popescu"),
    "West African": ("Ngozi Adaeze Folake Ama", "Chinedu Emeka Babatunde Kwame", "Okafor Eze Adeyemi Mensah"),
}


def _columns() -> tuple[Column, ...]:
    return tuple(
        Column(f"{given} {family}", {NAME_ORIGIN: origin, NAME_GENDER: gender})
        for origin, (women, men, families) in _WOMEN_MEN_FAMILIES.items()
        for gender, givens in (("female", women), ("male", men))
        for given, family in zip(givens.split(), families.split(), strict=True)
    )


NAMES = _columns()
"""Every full name, with the origin and gender it is read as."""
