-- @sd_f BIGINT
-- @sd_fm BIGINT
-- @sd_key BINARY(32)
-- @sd_hash NVARCHAR(128)
-- @sd_now BIGINT
-- @sd_old BIGINT
-- @sd_now_ran BIGINT
-- @sd_old_ran BIGINT
SET LANGUAGE us_english;
SET NOCOUNT, XACT_ABORT ON;
DECLARE @sd_k NVARCHAR(20) = N'', @sd_i INT = 0, @sd_j INT = 0, @sd_n BIGINT = 0,
	@sd_term BIGINT, @sd_map BIGINT, @sd_leader NVARCHAR(2000), @sd_shard NVARCHAR(200), @sd_v NVARCHAR(64),
	@sd_h NVARCHAR(128), @sd_at BIGINT, @sd_ran BIGINT, @sd_a NVARCHAR(MAX) = N'';
BEGIN TRY
BEGIN TRANSACTION;
SELECT @sd_term = term, @sd_map = map_version, @sd_leader = leader, @sd_shard = shard FROM [_shardeck_GO].dbo._sd_state WITH (REPEATABLEREAD) WHERE id = 1;
IF @sd_term IS NULL OR @sd_term <> @sd_f OR @sd_map <> @sd_fm BEGIN SET @sd_k = N'fence'; THROW 50000, N'refused', 1; END;
SELECT @sd_h = request_hash, @sd_a = rows_affected, @sd_at = [at], @sd_ran = ran FROM dbo._sd_idempotency WHERE key_hash = @sd_key;
IF @sd_ran > @sd_old_ran OR @sd_at > @sd_old AND @sd_at <= @sd_now BEGIN SET @sd_k = N'replay'; THROW 50000, N'refused', 1; END;
SET @sd_k = N'key'; SET @sd_a = N'';
IF @sd_at IS NULL INSERT INTO dbo._sd_idempotency (key_hash, request_hash, rows_affected, [at], ran) VALUES (@sd_key, @sd_hash, '', @sd_now, @sd_now_ran);
ELSE BEGIN UPDATE dbo._sd_idempotency SET request_hash = @sd_hash, rows_affected = '', [at] = @sd_now, ran = @sd_now_ran WHERE key_hash = @sd_key AND [at] = @sd_at AND ran = @sd_ran;
IF @@ROWCOUNT = 0 BEGIN SET @sd_k = N'again'; THROW 50000, N'refused', 1; END;
END;
SET @sd_k = N'';
UPDATE dbo._sd_idempotency SET rows_affected = @sd_a WHERE key_hash = @sd_key;
COMMIT TRANSACTION;
SELECT N'done' AS _sd_kind, @sd_i, @sd_j, @sd_term, @sd_map, @sd_leader, @sd_shard, @sd_v, @sd_h, @sd_a, 0, N'';
END TRY
BEGIN CATCH
IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
SELECT @sd_k AS _sd_kind, @sd_i, @sd_j, @sd_term, @sd_map, @sd_leader, @sd_shard, @sd_v, @sd_h, @sd_a, ERROR_NUMBER(), ERROR_MESSAGE();
END CATCH
