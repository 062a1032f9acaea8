-- The tagger that a name or an id means; of several with one name the one that has read most.
--
-- param in_tagger: a tagger, by name or id
--
-- column tagger_id VARCHAR: its id; no row where no such tagger has read anything
CREATE OR REPLACE MACRO tagger_named(in_tagger VARCHAR := 'cues') AS TABLE
WITH readings AS (SELECT tagged.tagger_id, count(*) AS read FROM tagged GROUP BY ALL)
SELECT taggers.tagger_id
FROM taggers
JOIN readings USING (tagger_id)
WHERE in_tagger IN (taggers.name, taggers.tagger_id)
ORDER BY taggers.tagger_id = in_tagger DESC, readings.read DESC, taggers.tagger_id
LIMIT 1;
