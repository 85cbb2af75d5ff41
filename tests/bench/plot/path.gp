# What each way between mobile node and correspondent gives and costs: throughput of TCP, and CPU for a megabyte of it.
name(way) = way eq "plain" ? "plain IPv6" : way eq "tunnel" ? "tunnel" : "route optimized"
color(row) = row == 0 ? 0x8a8f98 : row == 1 ? 0xe08214 : 0x2166ac
mean(a, b) = 0.5 * (a + b)

set multiplot title "TCP between mobile node and correspondent, by its way" font ",16"
set style fill solid
set yrange [2.6:-0.6]
set xrange [0:*]
set border 2
set grid noytics
unset xtics
set ytics nomirror scale 0
set tmargin at screen 0.75
set bmargin at screen 0.15
set lmargin at screen 0.19
set rmargin at screen 0.5
set title "Mbit/s (more is better)" font ",13"
plot data using (mean($2, $3)):0:(0):(mean($2, $3)):($0 - 0.3):($0 + 0.3):(color($0)):ytic(name(strcol(1))) with boxxyerror linecolor rgb variable notitle, \
     data using (mean($2, $3)):0:(sprintf("  %.0f", mean($2, $3))) with labels left textcolor rgb "#444444" notitle
unset label 1
set lmargin at screen 0.62
set rmargin at screen 0.92
set title "ms of CPU a megabyte (less is better)" font ",13"
plot data using (mean($4, $5)):0:(0):(mean($4, $5)):($0 - 0.3):($0 + 0.3):(color($0)):ytic("") with boxxyerror linecolor rgb variable notitle, \
     data using (mean($4, $5)):0:(sprintf("  %.1f", mean($4, $5))) with labels left textcolor rgb "#444444" notitle
unset multiplot
