package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"habeas/requests"
	"habeas/requests/blob"
	"habeas/requests/connect"
	"habeas/requests/evidence"
	"habeas/requests/mail"
	"habeas/requests/queue"
	"habeas/requests/seal"
)

// app is what portal and worker are made of.
type app struct {
	cfg     *Config
	db      *pgxpool.Pool
	redis   *redis.Client
	queue   *queue.Queue
	ring    *seal.Ring
	log     *evidence.Log
	systems []connect.Connector
	svc     *requests.Service
}

// open connects to everything. Only a process that signs reads the log's key.
func open(ctx context.Context, cfg *Config, signs bool) (_ *app, err error) {
	a := &app{cfg: cfg}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if a.ring, err = loadRing(cfg.Keys); err != nil {
		return nil, err
	}
	if a.db, err = openDB(ctx, cfg.databaseURL); err != nil {
		return nil, err
	}
	opts, err := redis.ParseURL(cfg.redisURL)
	if err != nil {
		return nil, fmt.Errorf("redis URL is not one: %w", err)
	}
	a.redis = redis.NewClient(opts)
	a.queue = queue.New(a.redis, cfg.Redis.Prefix)
	blobs, err := blob.Dir(cfg.Blobs)
	if err != nil {
		return nil, err
	}
	var signer ed25519.PrivateKey
	if signs {
		if signer, err = evidence.LoadOrCreateKey(cfg.Log.Key, cfg.Log.Origin); err != nil {
			return nil, err
		}
	}
	if a.log, err = evidence.OpenLog(a.db, evidence.Config{Origin: cfg.Log.Origin, Signer: signer, PublishEvery: cfg.Log.PublishEvery}); err != nil {
		return nil, err
	}
	if a.systems, err = openSystems(ctx, cfg.Systems); err != nil {
		return nil, err
	}
	a.svc = requests.New(requests.Parts{
		DB: a.db, Ring: a.ring, Blobs: blobs, Systems: a.systems, Log: a.log, Settings: cfg.settings(),
		Wake: func(ctx context.Context) {
			if err := a.queue.Wake(ctx); err != nil {
				slog.Info("queue away: the dispatcher will look by itself", "err", err)
			}
		},
	})
	return a, a.svc.Prepare(ctx)
}

// loadRing reads the key ring from its file, or from the environment.
func loadRing(path string) (*seal.Ring, error) {
	if path == "" {
		return seal.FromEnv()
	}
	return seal.LoadRing(path)
}

// openDB connects as the role habeas_app, which may do what the program needs
// and no more.
func openDB(ctx context.Context, url string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the database URL is not one: it looks like postgres://user@host/habeas")
	}
	cfg.MaxConns = 32
	cfg.ConnConfig.RuntimeParams["application_name"] = "habeas"
	db, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := db.Ping(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("database does not answer: %w", err)
	}
	return db, nil
}

// outbox sends what the service queued.
func (a *app) outbox() *mail.Outbox {
	return &mail.Outbox{
		Pool: a.db, KeyOf: a.svc.CaseKey, SMTP: a.cfg.smtp(), OnSent: a.svc.LetterSent, OnFailed: a.svc.LetterFailed,
	}
}

func (a *app) close() error {
	err := closeSystems(a.systems)
	if a.redis != nil {
		err = errors.Join(err, a.redis.Close())
	}
	if a.db != nil {
		a.db.Close()
	}
	return err
}
