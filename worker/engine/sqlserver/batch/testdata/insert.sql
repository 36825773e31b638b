-- @sd_f BIGINT
-- @sd_fm BIGINT
-- @t0 VARCHAR(128)
-- @v0 VARCHAR(64)
-- @q0 NVARCHAR(MAX)
-- @d0 NVARCHAR(MAX)
-- @a0_0_0 INT
-- @a0_0_1 NVARCHAR(50)
-- @a0_0_2 INT
SET LANGUAGE us_english;
SET NOCOUNT, XACT_ABORT ON;
DECLARE @sd_k NVARCHAR(20) = N'', @sd_i INT = 0, @sd_j INT = 0, @sd_n BIGINT = 0,
	@sd_term BIGINT, @sd_map BIGINT, @sd_leader NVARCHAR(2000), @sd_shard NVARCHAR(200), @sd_v NVARCHAR(64),
	@sd_h NVARCHAR(128), @sd_at BIGINT, @sd_ran BIGINT, @sd_a NVARCHAR(MAX) = N'';
BEGIN TRY
BEGIN TRANSACTION;
SELECT @sd_term = term, @sd_map = map_version, @sd_leader = leader, @sd_shard = shard FROM [_shardeck_GO].dbo._sd_state WITH (REPEATABLEREAD) WHERE id = 1;
IF @sd_term IS NULL OR @sd_term <> @sd_f OR @sd_map <> @sd_fm BEGIN SET @sd_k = N'fence'; THROW 50000, N'refused', 1; END;
DECLARE @sd_r0 BIGINT = 0;
SET @sd_i = 0; SET @sd_j = 0;
SET @sd_v = NULL; SELECT @sd_v = version FROM dbo._sd_tables WITH (REPEATABLEREAD) WHERE name = @t0;
IF @sd_v IS NULL OR @sd_v <> @v0 BEGIN SET @sd_k = N'table'; THROW 50000, N'refused', 1; END;
EXEC sys.sp_executesql @q0, @d0, @p1 = @a0_0_0, @p2 = @a0_0_1, @p3 = @a0_0_2, @sd_n = @sd_n OUTPUT; SET @sd_r0 = @sd_r0 + @sd_n;
IF 0 + @sd_r0 <> 0
BEGIN
UPDATE dbo._sd_rows SET row_count = row_count + (0 + @sd_r0) WHERE table_name = @t0 AND stripe = @@SPID % 16;
IF @@ROWCOUNT = 0 BEGIN SET @sd_k = N'again'; THROW 50000, N'refused', 1; END;
END;
SET @sd_a = @sd_a + N',' + CAST(@sd_r0 AS NVARCHAR(20));
COMMIT TRANSACTION;
SELECT N'done' AS _sd_kind, @sd_i, @sd_j, @sd_term, @sd_map, @sd_leader, @sd_shard, @sd_v, @sd_h, @sd_a, 0, N'';
END TRY
BEGIN CATCH
IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
SELECT @sd_k AS _sd_kind, @sd_i, @sd_j, @sd_term, @sd_map, @sd_leader, @sd_shard, @sd_v, @sd_h, @sd_a, ERROR_NUMBER(), ERROR_MESSAGE();
END CATCH
