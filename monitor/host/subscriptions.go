package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/interlacemail/interlace/inventory"
)

// Subscriptions returns for each of these users a sum of the file that says to what the user is
// subscribed. Who has none is left out. Equal sums tell of equal subscriptions; others may be equal
// where two instances keep them in files of two kinds.
func (h *Host) Subscriptions(ctx context.Context, users []inventory.UserID) (map[inventory.UserID]string, error) {
	sums := map[inventory.UserID]string{}
	for some := range slices.Chunk(users, PerCommand) {
		if err := h.sumSubscriptions(ctx, some, sums); err != nil {
			return nil, fmt.Errorf("look for subscriptions on %s: %w", h.Server, err)
		}
	}
	return sums, nil
}

func (h *Host) sumSubscriptions(ctx context.Context, users []inventory.UserID, sums map[inventory.UserID]string) error {
	text, err := h.mbpath(ctx, "-qju", users)
	if err != nil {
		return err
	}
	of, err := subscriptionFiles(text)
	if err != nil {
		return err
	}
	digests, err := h.Digests(ctx, slices.Sorted(maps.Keys(of)))
	for file, digest := range digests {
		sums[of[file]] = digest
	}
	return err
}

// subscriptionFiles reads where mbpath says that subscriptions of users are kept.
func subscriptionFiles(text string) (map[string]inventory.UserID, error) {
	files := map[string]inventory.UserID{}
	for all := json.NewDecoder(strings.NewReader(text)); ; {
		var at struct {
			Name struct {
				User inventory.UserID `json:"userid"`
			} `json:"mbname"`
			Files struct {
				Subscriptions string `json:"sub"`
			} `json:"user"`
		}
		err := all.Decode(&at)
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("mbpath prints %s: %w", inventory.Quoted(text), err)
		}
		if at.Files.Subscriptions != "" {
			files[at.Files.Subscriptions] = at.Name.User
		}
	}
}
