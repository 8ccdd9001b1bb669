-- Old command keys are forgotten: this finds them without reading those that are kept.
create index commands_by_age on store.commands (book_id, recorded_at);
