-- @sd_t1 VARCHAR(128)
-- @sd_v1 VARCHAR(64)
-- @sd_q NVARCHAR(MAX)
-- @sd_d NVARCHAR(MAX)
-- @p1 NVARCHAR(50)
-- @p2 VARCHAR(50)
SET LANGUAGE us_english;
SET NOCOUNT, XACT_ABORT ON;
BEGIN TRY
BEGIN TRANSACTION;
IF NOT EXISTS (SELECT 1 FROM dbo._sd_tables WITH (REPEATABLEREAD) WHERE name = @sd_t1 AND version = @sd_v1)
BEGIN
SELECT @sd_t1 AS _sd_refused, (SELECT version FROM dbo._sd_tables WHERE name = @sd_t1) AS version;
ROLLBACK TRANSACTION;
RETURN;
END;
EXEC sys.sp_executesql @sd_q, @sd_d, @p1 = @p1, @p2 = @p2;
ROLLBACK TRANSACTION;
END TRY
BEGIN CATCH
IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
DECLARE @sd_n INT = ERROR_NUMBER(), @sd_m NVARCHAR(4000) = ERROR_MESSAGE();
SELECT @sd_n AS _sd_error, @sd_m AS message;
END CATCH
-- sd_t1: students
-- sd_v1: v1
-- sd_q: SELECT [student_id], CONVERT(NVARCHAR(50), [gpa]) FROM [dbo].[Students] WHERE [gpa] > @p1 AND [name] = @p2
-- sd_d: @p1 DECIMAL(3,2), @p2 VARCHAR(50)
-- p1: 1.50
-- p2: x'; DROP TABLE Students; --
