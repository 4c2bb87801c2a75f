CREATE TABLE alarms (
        record BIGINT PRIMARY KEY, at VARCHAR(40) NOT NULL, unit TEXT NOT NULL,
        kind VARCHAR(32) NOT NULL, text TEXT NOT NULL, cleared_at VARCHAR(40) NOT NULL);
INSERT INTO "alarms" VALUES(1,'2026-03-17T06:30:00.000+00:00','J1','free','runs free','');
CREATE TABLE audit (
        number BIGINT PRIMARY KEY, at VARCHAR(40) NOT NULL, who TEXT NOT NULL,
        what TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
        previous VARCHAR(64) NOT NULL, hash VARCHAR(64) NOT NULL);
INSERT INTO "audit" VALUES(1,'2026-03-17T06:30:00.000+00:00','anna','alarm','J1','{"insert":"alarms","row":{"at":"2026-03-17T06:30:00.000+00:00","cleared_at":"","kind":"free","text":"runs free","unit":"J1"}}','0000000000000000000000000000000000000000000000000000000000000000','1cf39f8c41321679e6c81f16041e819c4795a9703067797a0cb40136d7df4bcc');
INSERT INTO "audit" VALUES(2,'2026-03-17T06:30:00.000+00:00','anna','proposed','0af7af95c59bb81c6037fdb4ffa1b60956d84e0122013da5efc1782b87a80870','{"insert":"plans","row":{"hash":"0af7af95c59bb81c6037fdb4ffa1b60956d84e0122013da5efc1782b87a80870","name":"morning","proposed_at":"2026-03-17T06:30:00.000+00:00","proposed_by":"Anna Ng","state":"proposed","verdict_hash":""}}','1cf39f8c41321679e6c81f16041e819c4795a9703067797a0cb40136d7df4bcc','c474eeb301e1728e8a59d304865aa004c6913c494ff0780e8c21dc56342634b9');
INSERT INTO "audit" VALUES(3,'2026-03-17T06:30:00.000+00:00','anna','looked','J1','{"why":"test"}','c474eeb301e1728e8a59d304865aa004c6913c494ff0780e8c21dc56342634b9','94fc9527feb764676241bde3781623336ddb19af54f8153b9e8e3e2bc5e2f4fe');
CREATE TABLE audit_head (
        id BIGINT PRIMARY KEY, number BIGINT NOT NULL, hash VARCHAR(64) NOT NULL);
INSERT INTO "audit_head" VALUES(1,3,'94fc9527feb764676241bde3781623336ddb19af54f8153b9e8e3e2bc5e2f4fe');
CREATE TABLE documents (hash VARCHAR(64) PRIMARY KEY, content TEXT NOT NULL);
INSERT INTO "documents" VALUES('0af7af95c59bb81c6037fdb4ffa1b60956d84e0122013da5efc1782b87a80870','the text of a plan');
CREATE TABLE kill_switch (
        id BIGINT PRIMARY KEY, is_on BOOLEAN NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
        at VARCHAR(40) NOT NULL);
CREATE TABLE plans (
        hash VARCHAR(64) PRIMARY KEY, record BIGINT NOT NULL, name TEXT NOT NULL,
        state VARCHAR(16) NOT NULL, verdict_hash VARCHAR(64) NOT NULL, proposed_by TEXT NOT NULL,
        proposed_at VARCHAR(40) NOT NULL);
INSERT INTO "plans" VALUES('0af7af95c59bb81c6037fdb4ffa1b60956d84e0122013da5efc1782b87a80870',2,'morning','proposed','','Anna Ng','2026-03-17T06:30:00.000+00:00');
CREATE TABLE pushes (
        id VARCHAR(64) PRIMARY KEY, record BIGINT NOT NULL, plan_hash VARCHAR(64) NOT NULL,
        kind VARCHAR(16) NOT NULL, ordered_by TEXT NOT NULL, started_at VARCHAR(40) NOT NULL,
        ended_at VARCHAR(40) NOT NULL);
CREATE TABLE receipts (
        record BIGINT PRIMARY KEY, push_id VARCHAR(64) NOT NULL REFERENCES pushes (id),
        unit TEXT NOT NULL, outcome VARCHAR(32) NOT NULL, detail TEXT NOT NULL,
        at VARCHAR(40) NOT NULL);
CREATE TABLE running (
        unit TEXT PRIMARY KEY, plan_hash VARCHAR(64) NOT NULL, push_id VARCHAR(64) NOT NULL,
        since VARCHAR(40) NOT NULL);
CREATE TABLE schema_version (
    number BIGINT PRIMARY KEY, applied_at VARCHAR(40) NOT NULL);
INSERT INTO "schema_version" VALUES(1,'2026-03-17T06:30:00.000+00:00');
CREATE TABLE signatures (
        record BIGINT PRIMARY KEY, plan_hash VARCHAR(64) NOT NULL, statement TEXT NOT NULL,
        "key" TEXT NOT NULL, signature TEXT NOT NULL);
