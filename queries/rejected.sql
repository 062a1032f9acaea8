-- What could not be a rollout: the file and line where it stands, why, and the text itself.
--
-- param in_run: one run id; NULL means every run
--
-- column run VARCHAR:    the training run
-- column file VARCHAR:   the file
-- column line BIGINT:    its line, from 1
-- column byte BIGINT:    where the record begins
-- column reason VARCHAR: why it is no rollout
-- column raw VARCHAR:    the text as found
CREATE OR REPLACE MACRO rejected(in_run VARCHAR := NULL) AS TABLE
SELECT files.run_id AS run, files.path AS file, rejects.line, rejects.byte, rejects.reason, rejects.raw
FROM rejects JOIN files USING (file_id)
WHERE in_run IS NULL OR files.run_id = in_run
ORDER BY ALL;
