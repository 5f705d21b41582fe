-- +goose Up

-- When a case's key is destroyed, the suppression list and the consent ledger keep their digests, because
-- they are what opting out is worth (GDPR Art. 17(3)(b), 21(3)), and lose the case: each row gets a random
-- number for it, on which uniqueness rests as before. A hold that was lifted loses its digests too, for the
-- log tells which case it kept back. The program may do this and change nothing else in these rows.
-- +goose StatementBegin
create function unlink_case(gone uuid) returns void language sql security definer set search_path = pg_catalog, public as $$
	update public.suppressions set case_id = gen_random_uuid() where case_id = gone;
	update public.consent_ledger set case_id = gen_random_uuid() where case_id = gone;
	update public.holds h set lookups = (select coalesce(array_agg(sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'))), '{}') from unnest(h.lookups))
		where h.lifted_at is not null and exists (select 1 from public.hold_cases hc where hc.hold_id = h.id and hc.case_id = gone);
$$;
-- +goose StatementEnd
revoke all on function unlink_case(uuid) from public;
grant execute on function unlink_case(uuid) to habeas_app;

select unlink_case(c.id) from cases c where c.key_wrapped is null;

-- +goose Down
drop function unlink_case(uuid);
