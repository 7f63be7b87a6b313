"""Statements: what a plant tells its authorities and customers of a period, each number with what it stands on.

statement
    What a statement is made of.
basis
    What the ledger and the meters say of a period.
reading
    Reads the basis from the store; the only module here that does.
energy, footprint, direct, compliance, renewable
    The kinds of statement, made of a basis by pure functions.
uncertainty, shares
    How well the figures are known; amounts that several kinds need.
page, sheets
    A statement as HTML for paper, as CSV and as JSON.
"""
