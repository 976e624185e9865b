# awk -f attributes.awk common/attributes.def MANUAL: the manual with the list of attributes
# of the registry where it says `.\" ATTRIBUTES`.

# A heading, and maybe what holds for all that follows: /* ---- TABLE: group. Sentence */
/^\/\* ---- / {
	title = $0
	sub(/^\/\* ---- /, "", title)
	sub(/ *\*\/$/, "", title)
	next
}

# ATTRIBUTE(table, id, SYMBOL, "name", type, unit, kind, cost, linux, darwin, "sentence")
# DETAIL(the same)
# DERIVED(table, id, SYMBOL, "name", type, unit, rule, input, "sentence")
# DERIVED2(table, id, SYMBOL, "name", type, unit, rule, input, other, "sentence")
/^(ATTRIBUTE|DETAIL|DERIVED2?)\(/ {
	read_line()
	next
}

$0 == ".\\\" ATTRIBUTES" {
	for (i = 1; i <= count; i++)
		print_item(i)
	print ".El"
	next
}

FILENAME ~ /\.def$/ { next }
{ print }

function read_line(  field, kind)
{
	split($0, field, ", ")
	count++
	table = field[1]
	sub(/.*\(/, "", table)
	tables[count] = table
	titles[count] = title
	ids[count] = field[2]
	names[count] = unquote(field[4])
	name_of[table, field[3]] = names[count]
	types[count] = tolower(field[5]) (field[6] == "NONE" ? "" : " " words(field[6]))
	if ($0 ~ /^DERIVED/) {
		rules[count] = field[7]
		inputs[count] = field[8]
		if (/^DERIVED2/)
			others[count] = field[9]
	} else
		kinds[count] = tolower(field[7]) (field[8] == "SLOW" ? ", slow" : "") ($0 ~ /^DETAIL/ ? ", detail" : "")
	sentences[count] = $0
	sub(/"\)$/, "", sentences[count])
	sub(/.*"/, "", sentences[count])
	if (field[9] ~ /^NOT\("/) {
		reasons[count] = $0
		sub(/^[^"]*"[^"]*"[^"]*"/, "", reasons[count])
		sub(/"\).*/, "", reasons[count])
	}
}

function print_item(i)
{
	if (i == 1 || titles[i] != titles[i - 1]) {
		if (i > 1)
			print ".El"
		print_heading(titles[i])
		print ".Bl -tag -width Ds"
	}
	if (i in rules)
		kinds[i] = rules[i] " of " name_of[tables[i], inputs[i]]
	if (i in others)
		kinds[i] = kinds[i] " by " name_of[tables[i], others[i]]
	print ".It Cm " names[i] " Pq " ids[i] ": " types[i] ", " kinds[i]
	print_text(sentences[i])
	if (i in reasons)
		print_text("Unsupported: " reasons[i] ".")
}

function print_heading(text,  at)
{
	at = index(text, ". ")
	print ".Ss " (at ? substr(text, 1, at - 1) : text)
	if (at)
		print_text(substr(text, at + 2) ".")
}

# Sentences on lines of their own, none longer than a terminal is wide.
function print_text(text,  word, number, i, line)
{
	gsub(/\\/, "\\e", text)
	number = split(text, word, " ")
	for (i = 1; i <= number; i++) {
		if (line != "" && (length(line) + length(word[i]) > 78 || line ~ /[a-z)][.]$/)) {
			print line
			line = ""
		}
		line = line (line == "" ? word[i] ~ /^[.']/ ? "\\&" : "" : " ") word[i]
	}
	print line
}

function unquote(text)
{
	gsub(/"/, "", text)
	return text
}

function words(symbol)
{
	symbol = tolower(symbol)
	gsub(/_/, " ", symbol)
	return symbol
}
