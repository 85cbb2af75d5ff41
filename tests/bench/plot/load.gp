# What a home agent carries: Binding Updates a second and memory, against the number of bindings.
stats data using 1:4 name "all" nooutput
set multiplot title "A home agent, by the number of its bindings" font ",16"
set tmargin at screen 0.75
set bmargin at screen 0.2
set xlabel "bindings" offset 0,0.4

set logscale xy 10
set xrange [700:1.4 * all_max_x]
set yrange [400:200000]
set xtics ("1,000" 1000, "10,000" 10000, "100,000" 100000) nomirror
set ytics ("1,000" 1000, "10,000" 10000, "100,000" 100000)
set lmargin at screen 0.1
set rmargin at screen 0.47
set key top left reverse Left samplen 2
set title "Binding Updates a second" font ",13"
plot data using 1:3 with linespoints pointtype 7 pointsize 0.7 linewidth 2 linecolor rgb direct title "refreshed", \
     data using 1:2 with linespoints pointtype 7 pointsize 0.7 linewidth 2 linecolor rgb tunnel title "first ones, each with 1 s of DAD", \
     data using 1:3:(sprintf("%.0f", $3)) with labels offset 0,-0.9 font ",11" textcolor rgb "#444444" notitle, \
     data using 1:2:(sprintf("%.0f", $2)) with labels offset 0,-0.9 font ",11" textcolor rgb "#444444" notitle

unset label 1
unset logscale
unset key
set lmargin at screen 0.58
set rmargin at screen 0.95
set title "memory of the agent, MB" font ",13"
set xrange [0:1.05 * all_max_x]
set yrange [0:*]
set ytics autofreq
set xtics ("0" 0, "10,000" 10000, "50,000" 50000, "100,000" 100000) nomirror
set label 2 sprintf("%s bytes a binding", word(system("tail -n 1 ".data), 4)) at graph 0.5, graph 0.25 center textcolor rgb direct
plot data using 1:($5 / 1e6) with linespoints pointtype 7 pointsize 0.7 linewidth 2 linecolor rgb direct notitle
unset multiplot
