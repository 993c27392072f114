{{- /* What the search looks through: each section of each page, as its page, title, address and text. */ -}}
{{- $all := slice -}}
{{- range site.Pages -}}
  {{- $page := . -}}
  {{- range after 1 (split (replaceRE `<h[1-6] id="` "\x1e" .Content) "\x1e") -}}
    {{- $head := index (split . "</h") 0 -}}
    {{- $id := index (split . `"`) 0 -}}
    {{- $heading := substr $head (add (len $id) 2) | plainify | htmlUnescape -}}
    {{- $text := substr . (len $head) | plainify | htmlUnescape -}}
    {{- $all = $all | append (dict "page" (partial "title.html" $page) "heading" $heading
      "to" (printf "%s#%s" (strings.TrimPrefix "/" $page.RelPermalink) $id)
      "text" (replaceRE `\s+` " " $text)) -}}
  {{- end -}}
{{- end -}}
searchIndex({{ $all | jsonify }});
