"""The SQLite book of Northwind Broadband, an invented company, for demos and tests.

| account | PIN  | born       | customer        | calls from   | what is special                |
| ------- | ---- | ---------- | --------------- | ------------ | ------------------------------ |
| 447 122 | 4821 | 1984-03-12 | Dana Whitfield  | 206-555-0101 | bill rose: discount ended and  |
|         |      |            |                 |              | a late fee; owes 84.20         |
| 602 315 | 1937 | 1975-11-30 | Marcus Bell     | 206-555-0102 | owes nothing                   |
| 518 840 | 7305 | 1991-07-04 | Priya Raman     | 206-555-0103 | two bills unpaid and overdue,  |
|         |      |            |                 |              | 214.86: fit for a plan         |
| 733 906 | 2648 | 1968-01-22 | Tom Okafor      | 206-555-0104 | pays automatically; owes 64.99 |
| 290 557 | 9014 | 1959-09-08 | Grace Lindqvist | 206-555-0105 | offline: outage in Fairhaven,  |
|         |      |            |                 |              | ZIP 98702 and 98703            |
| 861 204 | 3379 | 1996-05-17 | Hector Salas    | 206-555-0106 | offline; a reset brings it     |
|         |      |            |                 |              | back; faster tariff since the  |
|         |      |            |                 |              | bill before the latest         |
| 175 633 | 6182 | 1988-12-01 | Mei Tanaka      | 206-555-0107 | weak signal, a reset does not  |
|         |      |            |                 |              | help; owes nothing             |
| 944 018 | 5526 | 1947-02-19 | Walter Jensen   | 206-555-0108 | a credit of 15.00              |
| 944 026 | 8093 | 1949-10-03 | Ruth Jensen     | 206-555-0108 | owes 38.50, overdue, too       |
|         |      |            |                 |              | little for a plan              |
| 330 471 | 1750 | 2001-08-26 | Aisha Grant     | 206-555-0109 | new: nothing to compare the    |
|         |      |            |                 |              | first bill with                |

Walter and Ruth share a telephone, so that number greets nobody by name. Towns served: Alder Bay
(98701), Fairhaven (98702, 98703), Millbrook (98704), Stony Creek (98705).
"""

from flows.demo_accounts.accounts import DemoAccounts

__all__ = ["DemoAccounts"]
