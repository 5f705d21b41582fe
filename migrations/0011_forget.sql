-- +goose Up

-- What links a browser's opt-out to a request goes with the request's key.
grant delete on signal_links to habeas_app;

-- +goose Down
revoke delete on signal_links from habeas_app;
