"""The engine over SQL Server (worker/engine/sqlserver).

The extension's functions sd_mssql_* make every text that is sent and read every result, as
docs/sql-server.md describes; this package connects, sends and reads.
"""
