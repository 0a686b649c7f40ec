package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

const module = "github.com/interlacemail/interlace"

// TestArchitecture holds the sources against the tables of ARCHITECTURE.md.
func TestArchitecture(t *testing.T) {
	for _, breach := range breaches(t, "../..") {
		t.Error(breach)
	}
}

// TestArchitectureLaw shows the law small houses that break it.
func TestArchitectureLaw(t *testing.T) {
	archives, err := filepath.Glob("testdata/architecture/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no houses: %v", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			root := t.TempDir()
			if err := txtar.Write(archive, root); err != nil {
				t.Fatal(err)
			}
			got := strings.Join(breaches(t, root), "\n")
			if want := strings.TrimSpace(string(archive.Comment)); got != want {
				t.Errorf("breaches:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// house is the module as its documents and its sources describe it.
type house struct {
	rows     []row
	owners   map[string][]string  // packages that may import each module
	packages map[string][]*source // by path below the module
	found    []string
}

// row is a package of the table.
type row struct {
	path    string
	imports []string
	does    string
}

// source is one parsed file.
type source struct {
	name string
	test bool
	*ast.File
	set *token.FileSet
}

// breaches returns every breach of the law, sorted.
func breaches(t *testing.T, root string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{owners: map[string][]string{}, packages: map[string][]*source{}}
	h.readTables(string(text))
	h.readSources(t, root)
	h.checkRows()
	h.checkOwners()
	pure := h.pure()
	for _, pkg := range slices.Sorted(maps.Keys(h.packages)) {
		for _, f := range h.packages[pkg] {
			h.checkImports(pkg, f, pure)
			h.checkSkips(pkg, f)
			if pure[pkg] && !f.test {
				h.checkPure(pkg, f)
			}
		}
	}
	slices.Sort(h.found)
	return slices.Compact(h.found)
}

func (h *house) breach(format string, args ...any) {
	h.found = append(h.found, fmt.Sprintf(format, args...))
}

var quotedName = regexp.MustCompile("`([^`]+)`")

func names(cell string) []string {
	var list []string
	for _, m := range quotedName.FindAllStringSubmatch(cell, -1) {
		list = append(list, m[1])
	}
	return list
}

// readTables reads the table of packages and that of modules.
func (h *house) readTables(text string) {
	table := ""
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 {
			table = ""
			continue
		}
		first, second, third := strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])
		switch {
		case first == "package" || first == "module":
			table = first
		case strings.HasPrefix(first, "---"):
		case table == "package":
			h.addRow(names(first)[0], second, third)
		case table == "module" && second == "any":
			h.owners[names(first)[0]] = []string{"any"}
		case table == "module":
			h.owners[names(first)[0]] = names(second)
		}
	}
}

func (h *house) addRow(path, imports, does string) {
	r := row{path: path, imports: names(imports), does: does}
	if strings.HasPrefix(imports, "everything") {
		except := r.imports
		r.imports = nil
		for _, above := range h.rows {
			if !slices.Contains(except, above.path) {
				r.imports = append(r.imports, above.path)
			}
		}
	}
	for _, imported := range r.imports {
		if h.row(imported) == nil {
			h.breach("%s: its row allows %s, which has no row above it", path, imported)
		}
	}
	h.rows = append(h.rows, r)
}

func (h *house) row(path string) *row {
	for i := range h.rows {
		if h.rows[i].path == path {
			return &h.rows[i]
		}
	}
	return nil
}

// readSources parses every Go file of the module.
func (h *house) readSources(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, filepath.Dir(name))
		pkg := filepath.ToSlash(relative)
		h.packages[pkg] = append(h.packages[pkg], &source{filepath.Base(name), strings.HasSuffix(name, "_test.go"), parsed, set})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// checkRows compares rows with packages, and each package's comment with its row.
func (h *house) checkRows() {
	for pkg, files := range h.packages {
		if h.row(pkg) == nil && slices.ContainsFunc(files, func(f *source) bool { return !f.test }) {
			h.breach("%s: the package has no row", pkg)
		}
	}
	for _, r := range h.rows {
		var comments []string
		for _, f := range h.packages[r.path] {
			if f.Doc != nil && !f.test {
				comments = append(comments, strings.Join(strings.Fields(f.Doc.Text()), " "))
			}
		}
		kind := "Package "
		if strings.HasPrefix(r.path, "cmd/") && h.isCommand(r.path) {
			kind = "Command "
		}
		sentence := kind + path.Base(r.path) + " " + r.does + "."
		switch {
		case h.packages[r.path] == nil:
			h.breach("%s: the row has no package", r.path)
		case len(comments) != 1:
			h.breach("%s: %d package comments instead of one", r.path, len(comments))
		case !strings.HasPrefix(comments[0], sentence):
			h.breach("%s: the package comment does not begin with %q", r.path, sentence)
		}
	}
}

// checkOwners looks for owners of modules who do not import them.
func (h *house) checkOwners() {
	for mod, owners := range h.owners {
		for _, owner := range owners {
			if owner == "any" {
				owner = ""
			}
			if !h.imports(owner, mod) {
				h.breach("%s: its row names %s, which does not import it", mod, cmp.Or(owner, "any package"))
			}
		}
	}
}

// imports reports whether the package, or any where none is named, imports the
// module outside of tests.
func (h *house) imports(pkg, mod string) bool {
	for path, files := range h.packages {
		if pkg != "" && path != pkg {
			continue
		}
		for _, f := range files {
			ofModule := func(imported string) bool { return imported == mod || strings.HasPrefix(imported, mod+"/") }
			if !f.test && slices.ContainsFunc(f.imports(), ofModule) {
				return true
			}
		}
	}
	return false
}

func (h *house) isCommand(pkg string) bool {
	return slices.ContainsFunc(h.packages[pkg], func(f *source) bool { return f.Name.Name == "main" })
}

// pure returns the vocabularies, the courses of plans, all of planner, and what those import.
func (h *house) pure() map[string]bool {
	pure := map[string]bool{}
	var add func(pkg string)
	add = func(pkg string) {
		if pure[pkg] || h.packages[pkg] == nil {
			return
		}
		pure[pkg] = true
		for _, f := range h.packages[pkg] {
			for _, imported := range f.imports() {
				if own, ok := strings.CutPrefix(imported, module+"/"); ok && !f.test {
					add(own)
				}
			}
		}
	}
	for pkg := range h.packages {
		if slices.Contains([]string{"inventory", "monitor", "monitor/course", "planner"}, pkg) || strings.HasPrefix(pkg, "planner/") {
			add(pkg)
		}
	}
	return pure
}

func (f *source) imports() []string {
	var list []string
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err) // the parser has read it
		}
		list = append(list, imported)
	}
	return list
}

// checkImports holds one file against the row of its package and the owners of modules.
func (h *house) checkImports(pkg string, f *source, pure map[string]bool) {
	for _, imported := range f.imports() {
		own, ours := strings.CutPrefix(imported, module+"/")
		r := h.row(pkg)
		allowed := r == nil || own == pkg || slices.Contains(r.imports, own)
		switch {
		case f.test:
			ofFixtures := own == "fixtures" || strings.HasPrefix(own, "fixtures/") && own != skipping
			if ours && ofFixtures && !allowed && !strings.HasSuffix(f.Name.Name, "_test") {
				h.breach("%s: %s imports %s but is no external test", pkg, f.name, own)
			}
		case ours:
			if !allowed {
				h.breach("%s: %s imports %s, which its row does not allow", pkg, f.name, own)
			}
		case strings.Contains(strings.Split(imported, "/")[0], "."):
			if !h.mayUse(pkg, imported, pure[pkg]) {
				h.breach("%s: %s imports %s, which it does not own", pkg, f.name, imported)
			}
		}
	}
}

// skipping is the package by which tests are skipped, and fail in CI. It imports nothing of the
// house, so that every test may import it.
const skipping = "fixtures/needs"

// checkSkips has no other package skip a test.
func (h *house) checkSkips(pkg string, f *source) {
	ast.Inspect(f.File, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || pkg == skipping {
			return pkg != skipping
		}
		if s, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, s.Sel.Name) {
			h.breach("%s: %s skips a test itself, and not by %s", pkg, f.name, skipping)
		}
		return true
	})
}

func (h *house) mayUse(pkg, imported string, pure bool) bool {
	for mod, owners := range h.owners {
		if imported == mod || strings.HasPrefix(imported, mod+"/") {
			return slices.Contains(owners, pkg) || slices.Contains(owners, "any") && !pure
		}
	}
	return false
}

// Packages and functions that depend on more than their arguments.
var (
	globalRandom   = regexp.MustCompile(`^(Int|Uint|Float|ExpFloat|NormFloat|Perm|Shuffle|Read|Seed|N$)`)
	impurePackages = []string{"os", "net", "database/sql", "log", "syscall"}
	impureNames    = map[string]*regexp.Regexp{
		"time":         regexp.MustCompile(`^(Now|Since|Until|Sleep|After|AfterFunc|Tick|NewTicker|NewTimer)$`),
		"context":      regexp.MustCompile(`^With(Timeout|Deadline)`),
		"fmt":          regexp.MustCompile(`^Print`),
		"math/rand":    globalRandom,
		"math/rand/v2": globalRandom,
	}
)

// checkPure looks for what a pure package must not touch.
func (h *house) checkPure(pkg string, f *source) {
	local := map[string]string{} // import path by the name used in the file
	for i, imported := range f.imports() {
		for _, impure := range impurePackages {
			if imported == impure || strings.HasPrefix(imported, impure+"/") {
				h.breach("%s: %s imports %s, but the package is pure", pkg, f.name, imported)
			}
		}
		name := path.Base(imported)
		if name == "v2" {
			name = path.Base(path.Dir(imported))
		}
		if f.Imports[i].Name != nil {
			name = f.Imports[i].Name.Name
		}
		local[name] = imported
	}
	ast.Inspect(f.File, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && x.Obj == nil {
			if forbidden := impureNames[local[x.Name]]; forbidden != nil && forbidden.MatchString(s.Sel.Name) {
				h.breach("%s: %s uses %s.%s, but the package is pure", pkg, f.name, x.Name, s.Sel.Name)
			}
		}
		return true
	})
}
