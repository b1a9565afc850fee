-- model: a language model and what is known of it.
-- Grain: one row a model. Key: model_id; model is unique too.
CREATE TABLE model (
    model_id      INTEGER NOT NULL,
    model         VARCHAR NOT NULL,
    parameters    DOUBLE CHECK (isfinite(parameters)),
    params_source VARCHAR,
    architecture  VARCHAR,
    precision     VARCHAR,
    base_model    VARCHAR,
    license       VARCHAR,
    flagged       BOOLEAN,
    merged        BOOLEAN,
    moe           BOOLEAN,
    available     BOOLEAN,
    revision      VARCHAR
);
COMMENT ON TABLE model IS 'A language model and what is known of it apart from its answers.';
COMMENT ON COLUMN model.model_id IS 'Key used inside this file; not stable between files.';
COMMENT ON COLUMN model.model IS 'organisation/name as the leaderboard spells it; unique.';
COMMENT ON COLUMN model.parameters IS 'Number of parameters in billions.';
COMMENT ON COLUMN model.params_source IS 'Where that number comes from: safetensors, request or name.';
COMMENT ON COLUMN model.architecture IS 'Architecture as declared, such as LlamaForCausalLM.';
COMMENT ON COLUMN model.precision IS 'Precision it was evaluated in, such as bfloat16.';
COMMENT ON COLUMN model.base_model IS 'Model it was made from, as declared.';
COMMENT ON COLUMN model.license IS 'Licence as declared.';
COMMENT ON COLUMN model.flagged IS 'Whether the leaderboard flagged it, for instance for contamination.';
COMMENT ON COLUMN model.merged IS 'Whether it is a merge of other models.';
COMMENT ON COLUMN model.moe IS 'Whether it is a mixture of experts.';
COMMENT ON COLUMN model.available IS 'Whether it was still on the Hub when last looked at.';
COMMENT ON COLUMN model.revision IS 'Revision that was evaluated.';
