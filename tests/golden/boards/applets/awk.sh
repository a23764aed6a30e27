p() { echo "--- $1"; shift; "$@" 2>&1; echo "=$?"; }
cd /tmp; rm -rf awkt; mkdir awkt; cd awkt
printf 'a b\nc\n\nd e\nf\n' > par; printf 'alice:x:10:s\nbob:y:20:t\ncarol:z:5:u\n' > pw; printf 'one two three\nfour five\n\n  six   seven\teight \n' > t
p 1 awk 'BEGIN{print 3000000000, 1e18, 1e19, 0.1, 1e6, 123456789012; printf "%x %c %c %5.2f|%-5s|%i %s\n", 255, 65, "hello", 3.14159, "ab", 7.9, 1e20}'
p 2 awk 'BEGIN{print 0x10, 011, substr("hello",0,2), substr("hello",-1,3), substr("hello",2), substr("hello",1.5,1.5), length("héé")}'
echo "0x10 011 nan 1e3 +5 .5." | p 3 awk '{print $1+0,$2+0,$3+0,$4+0,$5+0,$6+0; if ($4==1000) print "eq"}'
p 4 awk 'BEGIN{print 1/0}'; p 5 awk 'BEGIN{print (}'; p 6 awk '{print}' /nope; p 7 awk 'BEGIN{foo(1)}';  p 8 awk 'BEGIN{ print 1' ; p 9 awk 'BEGIN{printf "%d"}'; p 10 awk 'BEGIN{printf "%q", 1}'; p 11 awk -f /nope; p 12 awk 'BEGIN{print length()}' </dev/null; 
p 13 awk 'BEGIN{a["x"]=1; for(i=0;i<30;i++) a["k" i]=i; for(k in a) printf "%s ", k; print ""}'
p 14 awk 'BEGIN{for(i=0;i<3000;i++) a[i*7]=i; n=0; for(k in a) { if (n++<40) printf "%s ", k}; print ""; delete a[7]; delete a[14]; a[7]=1; a["q"]; for (k in a) if (++m>2950) printf "%s ",k; print length(a)}'
p 15 awk 'function f(n){return n<2?n:f(n-1)+f(n-2)} BEGIN{print f(15)}'
p 16 awk 'BEGIN{print 1 " " -1, 5 % 3, -5 % 3, !x, !"a", 1==1.0, "a"<"b", 2<10, "2"<"10"}'
p 17 awk 'BEGIN{print index("foobar","bar"), match("foobar","o+"), RSTART, RLENGTH, toupper("abc"), split("a:b:c",z,":"), z[3], sprintf("%03d",7); s="aaa"; n=gsub(/a/,"b&\\&",s); print n, s; print gensub(/(a)(b)/,"\\2\\1","g","abab")}'
p 18 awk 'BEGIN{"date +%Y"|getline y; print (y>2000); print "z\na" | "sort"; close("sort"); print "done"; r=system("exit 3"); print r}'
p 19 awk 'BEGIN{printf "a %s b %s\n", "x"}' ; p 20 awk 'BEGIN{print substr("x",5) "|" 1,2 > "/dev/stdout"; print length "x"}' </dev/null
echo "a b c" | p 21 awk '{$5="e"; print; print NF; NF=2; print; $0="x y"; print $2, NF; $3=""; print $0 "|"}'
p 22 awk 'BEGIN{RS=""}{print NR": "$1"-"$NF; for(i=1;i<=NF;i++) printf "[%s]",$i; print ""}' par
printf 'a1b22c' | p 23 awk 'BEGIN{RS="[0-9]+"}{print $0, RT}'; p 24 awk 'BEGIN { while (1) { if (++i > 5) break; if (i==2) continue; printf i " " } print "" ; exit 4 } END { print "end" }'
p 25 awk 'BEGIN{printf("%s %s\n", "a", "b") ; print("x")("y"); print (1,2)}'; echo x | p 26 awk -F: -v a='t\tq' '{print a, FS}' ; p 27 awk 'BEGIN{print ARGC, ARGV[0], ARGV[1]}' x=1; echo 1 | p 28 awk '{print x}' x=5 -
p 29 awk -F: '$3>8{s+=$3; print $1} END{print s, NR, s/NR}' pw
p 30 awk '{print NF": "$NF; for(i=NF;i>0;i--) printf "%s ", $i; print ""}' t
p 31 awk '/two/,/six/{print NR, $0}' t
p 32 awk 'NR==2{next} {print FILENAME, FNR, NR}' t par
p 33 awk '{w[$1]++} END{for(k in w) print k, w[k]}' t par pw
p 34 awk 'BEGIN{while((getline l < "pw")>0) n++; print n, l; close("pw"); getline < "pw"; print $0, NF; print (getline x < "/nope")}'
p 35 awk 'BEGIN{s="hello world"; sub(/o/,"[&]",s); print s; gsub(/[aeiou]/,"<&>",s); print s; gsub(/x*/,"-",s); print s; t="abc"; gsub(//,"-",t); print t}'
p 36 awk 'BEGIN{print "A" > "out1"; print "B" >> "out1"; close("out1"); while((getline l<"out1")>0) print "got", l}'
p 37 awk 'BEGIN { x["a",1]=5; if (("a",1) in x) print "yes"; for (k in x) { split(k, p, SUBSEP); print p[1], p[2] } delete x; print length(x) }'
p 38 awk 'function add(arr, k) { arr[k]++ } BEGIN { add(z, "q"); add(z,"q"); print z["q"]; print u+0, u "" }'
p 39 awk 'BEGIN { do { i++ } while (i < 3); print i; for (;;) { if (i++ > 6) break }; print i; if (!(3 in a)) print "no"; print i++ + ++i, i--, i }'
p 40 awk 'BEGIN{IGNORECASE=1; print ("ABC" ~ /abc/), "a"=="A"; $0="aXbxc"; print split($0, q, "x")}'
p 41 awk 'BEGIN{OFS="-"; $0="a b c"; $1=$1; print; print $1,$2; OFMT="%.2f"; x=3.14159; print x; CONVFMT="%.3f"; y = x ""; print y}'
p 42 awk 'BEGIN{printf "%5s|%-5s|%05d|%+d|%e|%g|%G|%o|%X|%%|%c\n", "ab", "cd", 42, 7, 12345.678, 0.0001, 1e10, 8, 255, "" }'
p 43 awk 'BEGIN{printf "%*d|%-*d|%.*f\n", 5, 42, 5, 42, 2, 3.14159}'
p 44 awk 'BEGIN{print substr("hello",2,3), substr("hello",4,100), substr("hello",10), substr("",1)}'
p 45 awk 'BEGIN{print toupper("aéz"), tolower("ABC"), length(12345), index("abc","")}'
p 46 awk '
# comment
function max(a, b) {
  return a > b ? a : b
}
{ if ($1 == "")
    next
  else
    n = max(n, NF)
}
END {
  print "max", n ;
}' t
p 47 awk 'BEGIN{a="10"; b=9; print (a<b), (a+0<b); $0="10 9"; print ($1<$2), ($1<"9")}'
p 48 awk 'BEGIN { print length(sprintf("%c", 256)), sprintf("%c", "") "|" }'
p 49 awk '{ $2 = ""; print; print NF }' t
p 50 awk 'BEGIN { printf "%s %d\n" , "x" , "12abc" ; print -3 % 2, 2 - -2, 1 - 1 , 1e3, 1E3, .5, 5. }'
p 51 awk 'END{print $0, NR}' t
p 52 awk 'BEGIN{getline; print "got " $0; getline x; print x, NR}' t
p 53 awk 'NR%2' t
p 54 awk '!seen[$1]++' t par
p 55 awk '$1 ~ /^[a-c]/ && $2 !~ /y/' pw
p 56 awk -F'[:y]' '{print $2 "|" $3 "|" NF}' pw
p 57 awk -F '' '{print $2, NF}' pw
p 58 awk -Ft '{print $1 "," $2}' t
p 59 awk 'BEGIN { "echo a b; echo c" | getline; print $2, NR; "echo a b; echo c" | getline z; print z; print close("echo a b; echo c"), close("zz") }'
p 60 awk 'BEGIN { print "x" | "cat 1>&2"; print "y" > "/dev/stderr" }'
p 61 awk 'BEGIN { if (system("test -d /tmp") == 0) print "dir"; exit } END { print "E" }'
p 62 awk 'BEGIN { print index("a.b", "."), match("aaa", /b/), RSTART, RLENGTH; print "a\/b", "q\"q", "\x41\101" }'
p 63 awk 'BEGIN { x = 5; x += 2; x -= 1; x *= 3; x /= 2; x %= 5; print x; y = z = 3; print y z; print 1,2,3 ; print 1>2 ? "a" : "b" }'; cat 2 2>/dev/null; rm -f 2 '2 ? "a" : "b"'; ls
p 64 awk 'BEGIN { print (1>2) ? "a" : "b"; print 1==1 ? "t" : "f" }'
p 65 awk 'BEGIN { print -"3x", +"4", !"" , !0, !"0", 1 - 2 " " 3 }'
p 66 awk 'BEGIN { n = split("", a); print n, length(a); n = split("  a  b ", a); print n, a[1]; n=split("a1b2c", a, /[0-9]/); print n, a[3] }'
p 67 awk 'BEGIN { print substr("hello", 0), substr("hello", -1), substr("hello", 1, 0) "|" substr("hello", 2, -1) "|" }'
p 68 awk 'BEGIN{exit 3}'; p 69 awk 'BEGIN{exit} END{exit 7}'
p 70 awk 'function g(a){a=5; return} BEGIN{b=1; g(b); print b, g(1) "|"}'
p 71 awk 'BEGIN{for(i=1;i<=3;i++){for(j=1;j<=3;j++){if(j==2)continue;if(i==2)break;print i,j}}}'
p 72 awk 'BEGIN{printf "no newline"}' ; p 73 awk 'BEGIN { print; }' ; p 74 awk 'BEGIN{print $1; print NF}' ; p 75 awk '' t; p 76 awk '{print $(NF-1)}' pw
p 77 awk '{print $-1}' pw; p 78 awk 'BEGIN{print a[1]; a=1}'; p 79 awk 'BEGIN { return 1 }'; p 80 awk 'BEGIN { break }' ; p 81 awk 'x = 3' pw; p 82 awk 'BEGIN{regex="^b"} $0 ~ regex' pw
p 83 awk 'BEGIN{print and(12,10), or(12,10), xor(12,10), lshift(1,4), rshift(16,2), int("3abc"), int(-2.5)}'
p 84 awk 'BEGIN{print strftime("%Y-%m-%d %H:%M:%S", 86400), mktime("1970 01 02 00 00 00")}'
p 85 awk '{ printf "%-10s %5.1f%%\n", $1, 12.345 }' FS=: pw
p 86 awk 'BEGIN { while ("ls pw t" | getline f) print "file " f }'
p 87 awk 'BEGIN{print length}' ; p 88 awk 'BEGIN { printf "%s\n", 0.1+0.2; print 0.1+0.2, 1e-5, 100000*100000, 2147483648, -2147483649 }'
p 89 awk 'BEGIN { a = "A"; b = "B"; print a b; print a" "b; print a > "o2"; print "x" "y" > "o" "3" }'; cat o2 o3 2>/dev/null; ls
p 90 awk 'BEGIN{ print > "/nope/x" }'; p 91 awk 'BEGIN{ print "x" > "" }' ; p 92 awk 'BEGIN { printf "%d %d\n", "0x1A", 1e3; print 1e3 "" , 017 }'
p 93 awk 'BEGIN{ if (!("x" in ENVIRON)) print "none"; print ENVIRON["QQ"] }'
p 94 awk '/a/{print "A" $0} /b/{print "B" $0; nextfile} {print "C"}' pw t
p 95 awk 'BEGIN{print "a" "b" == "ab", "a" ("b" == "ab")}'
p 96 awk 'BEGIN { FS=":" ; OFS="," } { $1=$1 } 1' pw
p 97 awk '{ sum[$2] += $3; cnt[$2]++ } END { for (k in sum) printf "%s %.2f\n", k, sum[k]/cnt[k] }' FS=: pw pw
p 98 awk "BEGIN{print substr(\"hello\", 2); print 'x'}"
p 99 awk 'BEGIN{print 5 " items"; print 1 2 3; print 1+2 "3"; print "a" 1+1 "b"; print 2 * 3 4}'
p 100 awk -v n=3 'NR==n{print; exit}' t
