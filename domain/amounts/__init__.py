"""How the amounts of a document follow from its lines, taxes, discounts and charges.

``line`` is one line, ``portions`` what of the lines is taxed alike, ``buckets`` the document's
discounts and charges and the taxes inside of prices, ``summing`` the sums; ``plain`` is a shortcut
for the documents that have none of this. All of it is exact: whole minor units and fractions.
"""
