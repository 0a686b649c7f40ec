package alert

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/interlacemail/interlace/monitor"
)

// Webhook is a route to a URL, which is posted what Alertmanager's webhooks are.
type Webhook struct {
	URL string
	// Secret, if there is one, signs the body: the header X-Interlace-Signature
	// holds sha256= and the HMAC in hexadecimal digits.
	Secret string
}

// Check says what is wrong with the route.
func (w *Webhook) Check() error { return checkURL(w.URL) }

// Deliver implements [Route]. The header X-Interlace-Message is the same when a
// message is sent again.
func (w *Webhook) Deliver(ctx context.Context, m *monitor.Message) error {
	header := http.Header{"X-Interlace-Message": {m.ID}}
	if w.Secret != "" {
		sum := hmac.New(sha256.New, []byte(w.Secret))
		sum.Write([]byte(m.Body))
		header.Set("X-Interlace-Signature", "sha256="+hex.EncodeToString(sum.Sum(nil)))
	}
	return post(ctx, w.URL, m.Body, header)
}

func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return fmt.Errorf("%q is no address to post to; write http://HOST:PORT/PATH or https://…", redacted(text))
	}
	return nil
}

// redacted returns a URL without what may be secret in it.
func redacted(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(not a URL)"
	}
	u.RawQuery, u.Fragment = "", ""
	return u.Redacted()
}

// client posts. It follows no redirects and asks no proxy: what it is told to
// reach is what it reaches. Each call has a connection of its own, so that
// nothing is left open between them.
var client = &http.Client{
	Transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, Control: refuseLinkLocal}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10,
	},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

var errLinkLocal = errors.New("link-local addresses, where clouds keep secrets, are not posted to")

// refuseLinkLocal refuses addresses after names were resolved, so that no name
// leads there either.
func refuseLinkLocal(_, address string, _ syscall.RawConn) error {
	there, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := there.Addr().Unmap().WithZone("")
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || ip == netip.MustParseAddr("fd00:ec2::254") {
		return fmt.Errorf("%s: %w", ip, errLinkLocal)
	}
	return nil
}

// unaddressed returns the cause of an error of the network without the address, which
// messages have anyway.
func unaddressed(err error) error {
	if failed := (*net.OpError)(nil); errors.As(err, &failed) && failed.Op == "dial" {
		return failed.Err
	}
	return err
}

func post(ctx context.Context, address, body string, header http.Header) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return &Refusal{errors.New("the address " + redacted(address) + " cannot be posted to")}
	}
	request.Header = header.Clone()
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "interlace")
	response, err := client.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) { // its text holds the whole address
			err = failed.Err
		}
		err = unaddressed(err)
		if errors.Is(err, errLinkLocal) {
			err = &Refusal{err}
		}
		return fmt.Errorf("post to %s: %w", redacted(address), err)
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, 300))
	code := response.StatusCode
	if code/100 == 2 {
		return nil
	}
	err = fmt.Errorf("post to %s: it answered %d %s", redacted(address), code, line(string(said), 300))
	if code/100 == 5 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout {
		return err
	}
	return &Refusal{err}
}
