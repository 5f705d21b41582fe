package browser

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Download clicks what selector names, a link that leads to a file, and
// returns the file as the browser stored it.
func Download(t testing.TB, ctx context.Context, selector string) []byte {
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, StepLimit)
	defer cancel()
	dir := t.TempDir()
	info, err := chromedp.Call(limited, target.GetTargetInfo, target.GetTargetInfoParams{})
	if err != nil {
		t.Fatalf("browser: %v\n%s", err, whereabouts(ctx))
	}
	_, err = chromedp.Call(limited, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: dir, EventsEnabled: new(true),
		BrowserContextID: info.TargetInfo.BrowserContextID,
	})
	if err != nil {
		t.Fatalf("browser: %v\n%s", err, whereabouts(ctx))
	}
	ended, err := chromedp.Run(limited, chromedp.WaitEvent(browser.DownloadProgress, func(e browser.EventDownloadProgress) bool {
		return e.State != browser.DownloadProgressStateInProgress
	}, chromedp.Click(chromedp.CSS(selector))))
	if err != nil {
		t.Fatalf("browser: no download: %v\n%s", err, whereabouts(ctx))
	}
	if ended.State != browser.DownloadProgressStateCompleted {
		t.Fatalf("browser: the download ended %s\n%s", ended.State, whereabouts(ctx))
	}
	file, err := os.ReadFile(filepath.Join(dir, ended.GUID))
	if err != nil {
		t.Fatal(err)
	}
	return file
}
